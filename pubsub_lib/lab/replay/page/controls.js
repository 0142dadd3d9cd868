// The page around the views: play, step, slider, speed, keys, the source, and the events as a table.
const VIEWS = { messages: drawMessages, loop: drawLoop, ring: drawRing };

// The page.
film.textContent = "";
film.tabIndex = 0;
if (data.title) make(film, "p", { class: "title" }, data.title);
const body = make(film, "div", { class: "body" });
const stage = make(body, "div");
const runs = make(stage, "div", { class: data.runs.length > 1 ? "panels two" : "panels" });
const panels = data.runs.map((run) => {
  const panel = make(runs, "div", { class: "run" });
  if (run.name) make(panel, "p", {}, run.name);
  const values = run.watched ? make(panel, "div", { class: "values" }) : null;
  const views = data.views.map((view) => ({ view, host: make(panel, "div"), chips: new Map() }));
  return { run, values, views };
});
const now = make(stage, "p", { class: "now", "aria-live": "polite" });
const controls = make(stage, "div", { class: "controls", role: "group", "aria-label": "Player" });
const errors = make(stage, "div", { class: "errors" });
const ICONS = {
  first: "M2 2h3v12H2zM14 2v12L6 8z", back: "M12 2v12L3 8z", play: "M3 1l11 7-11 7z",
  pause: "M3 2h4v12H3zM9 2h4v12H9z", next: "M4 2v12l9-6z",
};
function button(icon, label, action) {
  const element = make(controls, "button", { type: "button", "aria-label": label, title: label, class: icon });
  make(make(element, "svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }), "path", { d: ICONS[icon] });
  element.onclick = action;
  return element;
}
button("first", "First picture", () => go(0));
button("back", "Step back", () => go(position - 1));
const play = button("play", "Play", () => toggle());
button("next", "Step forward", () => go(position + 1));
const slider = make(controls, "input", { type: "range", min: 0, max: line.length - 1, value: 0, "aria-label": "Picture" });
slider.oninput = () => go(Number(slider.value));
const speed = make(controls, "select", { "aria-label": "Speed" });
for (const factor of [0.5, 1, 2, 4]) make(speed, "option", { value: factor }, `${factor} ×`);
speed.value = "1";
const sources = data.runs.map((run) => JSON.stringify(run.source));
const source = data.runs.some((run) => run.source.length)
  ? make(body, "div", { class: "source", tabindex: 0, role: "region", "aria-label": `Source: ${data.title || data.caption}` }) : null;
if (source && data.runs.length === 1) body.classList.add("beside");
const details = make(film, "details");
make(details, "summary", {}, "Events as a table");
details.ontoggle = () => { if (details.open && !details.querySelector("table")) fillTable(); };
make(film, "p", { class: "caption" }, data.caption);

function fillTable() {
  const table = make(make(details, "div", { class: "table", tabindex: 0, role: "region", "aria-label": `Events: ${data.title || data.caption}` }), "table");
  const head = make(make(table, "thead"), "tr");
  const several = data.runs.length > 1;
  for (const title of ["Time", ...(several ? ["Run"] : []), "What happens"]) make(head, "th", { scope: "col" }, title);
  const rows = make(table, "tbody");
  for (const picture of line) {
    const row = make(rows, "tr");
    make(row, "td", {}, seconds(picture.time));
    if (several) make(row, "td", {}, data.runs[picture.which].name);
    make(row, "td", {}, tell(picture));
  }
}

// Moving on.
let position = 0, timer = null;
function go(to) {
  position = Math.max(0, Math.min(line.length - 1, to));
  if (timer && position === line.length - 1) toggle();
  draw();
}
function toggle() {
  if (timer) { clearTimeout(timer); timer = null; }
  else { if (position === line.length - 1) position = -1; timer = 1; go(position + 1); tick(); }
  const label = timer ? "Pause" : "Play";
  play.setAttribute("aria-label", label); play.title = label;
  play.querySelector("path").setAttribute("d", ICONS[timer ? "pause" : "play"]);
}
function tick() {
  clearTimeout(timer);
  timer = setTimeout(() => { go(position + 1); if (timer) tick(); }, 900 / Number(speed.value));
}
film.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation(); // JupyterLab would take the keys for its own
  if (event.target.tagName === "SELECT" || event.target.classList.contains("table")) return;
  const keys = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  if (event.key in keys) go(position + keys[event.key]);
  else if (event.key === " " && !["BUTTON", "SUMMARY"].includes(event.target.tagName)) toggle();
  else return;
  event.preventDefault();
});

// Drawing.
function draw() {
  const states = stateAt(position), picture = line[position];
  slider.value = position;
  slider.setAttribute("aria-valuetext", `${position + 1} of ${line.length}, ${seconds(picture.time)}`);
  say(now, picture);
  drawPanels(states, picture);
  errors.textContent = "";
  data.runs.forEach((run, which) => {
    if (run.error && isLast(run, states[which].last)) make(errors, "p", {}, inRun(run, run.error));
  });
  if (source) drawSource(picture.which, states[picture.which]);
}

const inRun = (run, text) => (run.name ? `${run.name}: ${text}` : text);
function say(host, picture) {
  host.textContent = "";
  make(host, "b", {}, `${seconds(picture.time)} `);
  host.append(inRun(data.runs[picture.which], tell(picture)));
}
function drawPanels(states, picture) {
  panels.forEach(({ run, values, views }, which) => {
    if (values) drawValues(values, run, states[which], which === picture.which ? picture.changes : []);
    for (const view of views) VIEWS[view.view](view, run, states[which], which === picture.which);
  });
}

// What is watched, and its value now; whether it has just changed.
function drawValues(host, run, state, changes) {
  host.textContent = "";
  run.watched.forEach((name, number) => {
    const isNew = changes.some(([kind, , which]) => kind === "N" && which === number);
    const value = make(host, "div", { class: `lane ${isNew ? "runs" : ""}` });
    make(value, "p", { class: "name" }, name);
    make(value, "b", {}, state.values[number] ?? "\u00a0");
  });
}

// Keeps the buttons at one place: reserves room for the longest sentence and the highest drawing.
function reserve() {
  const trial = make(stage, "div", { style: "height:0;overflow:hidden" });
  for (const picture of line) say(make(trial, "p", { class: "now", style: "min-height:0" }), picture);
  now.style.minHeight = `${Math.max(...[...trial.children].map((one) => one.offsetHeight))}px`;
  trial.remove();
  runs.style.minHeight = "";
  if (!data.views.includes("loop") && !data.runs.some((run) => run.watched)) return; // all else is as high in every picture
  const heights = line.map((picture, at) => {
    for (const { views } of panels) for (const { view, host } of views) if (view === "loop") host.textContent = "";
    drawPanels(stateAt(at), picture);
    return runs.offsetHeight;
  });
  runs.style.minHeight = `${Math.max(...heights)}px`;
}

function drawSource(which, state) {
  const run = data.runs[which];
  if (source.dataset.of !== sources[which]) {
    source.dataset.of = sources[which];
    source.textContent = "";
    for (const [number, text] of run.source) {
      const row = make(source, "div");
      make(row, "i", { "aria-hidden": "true" }, number || "");
      const indent = text.length - text.trimStart().length; // what is too long hangs below itself
      make(row, "span", { style: `padding-left:${indent + 4}ch;text-indent:-4ch` }, text.trimStart());
    }
  }
  const rows = [...source.children];
  rows.forEach((row) => { row.className = ""; row.querySelectorAll("u").forEach((tag) => tag.remove()); });
  for (const [number, { line: at }] of state.tasks) {
    if (!(at in rows)) continue;
    const runs = number === state.runs;
    if (runs) rows[at].className = "at";
    make(rows[at], "u", { class: runs ? "runs" : "" }, run.tasks[number]);
    if (runs) source.scrollTop = Math.max(0, rows[at].offsetTop - source.clientHeight / 2);
  }
}

let drawnAt = 0;
function fit() {
  if (!film.clientWidth || film.clientWidth === drawnAt) return;
  drawnAt = film.clientWidth;
  reserve();
  draw();
}
new ResizeObserver(fit).observe(film);
draw();
fit();
