// The live page: an editor, and Python beside the page, in a worker that can be stopped.
const at = (id) => document.getElementById(id);
const sources = JSON.parse(at("programs").textContent);
const [program, source, run, stop, status] = ["program", "source", "run", "stop", "status"].map(at);
let worker = null;

function say(text) { status.textContent = text; }

function choose() {
  source.value = sources[program.value];
  at("printed").textContent = at("shown").textContent = "";
}

// What a film brings along is a script, which the page runs only if it is made anew.
function show({ printed, shown, html }) {
  at("printed").textContent = printed + (html ? "" : shown);
  at("shown").innerHTML = html;
  for (const old of at("shown").querySelectorAll("script:not([type])")) {
    const script = document.createElement("script");
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
}

function ended(text) {
  run.disabled = false;
  stop.disabled = true;
  say(text);
}

function start() {
  if (run.disabled) return;
  run.disabled = true;
  stop.disabled = false;
  if (!worker) {
    say("Loading Python …");
    worker = new Worker(new URL("live_worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      if (data.status) return say(data.status);
      if (data.error) { worker.terminate(); worker = null; return ended(data.error); }
      show(data);
      ended("Done.");
    };
    worker.onerror = (event) => { worker = null; ended(`Python could not be loaded: ${event.message ?? "is there a connection?"}`); };
  } else say("Running …");
  worker.postMessage({ source: source.value, home: new URL("../live/", import.meta.url).href });
}

run.onclick = start;
stop.onclick = () => {
  worker.terminate(); // also out of a loop that never ends
  worker = null;
  ended("Stopped. The next run loads Python again, which your browser has kept.");
};
program.onchange = choose;
at("again").onclick = choose;

// Tab indents, as in an editor; after Escape it leaves the program, as everywhere else on a page.
let leaves = false;
source.onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); start(); }
  else if (event.key === "Escape") leaves = true;
  else if (event.key === "Tab" && !leaves && !event.shiftKey) {
    event.preventDefault();
    source.setRangeText("    ", source.selectionStart, source.selectionEnd, "end");
  } else leaves = false;
};
run.disabled = false;
