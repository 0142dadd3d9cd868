// The view of the event loop: who runs, who is ready, who waits for what, who is done.
function drawLoop(view, run, state, current) {
  const before = new Map([...view.host.querySelectorAll(".task")].map((card) => [card.dataset.task, card.getBoundingClientRect()]));
  view.host.textContent = "";
  const lanes = make(view.host, "div", { class: "lanes" });
  const lane = (kind, title) => {
    const element = make(lanes, "div", { class: `lane ${kind}` });
    make(element, "p", { class: "name" }, title);
    return element;
  };
  const hosts = { runs: lane("runs", "Runs now"), ready: lane("ready", "Ready, in this order"), waits: lane("waits", "Waits for"), done: lane("done", "Over") };
  const order = [...state.tasks.keys()].sort((a, b) => (state.ready.indexOf(a) + 1 || 99) - (state.ready.indexOf(b) + 1 || 99) || a - b);
  for (const number of order) {
    const task = state.tasks.get(number), runs = number === state.runs && current;
    const host = runs ? hosts.runs : hosts[task.state] ?? hosts.done;
    const card = make(host, "div", { class: `task ${task.state}`, "data-task": number });
    make(card, "span", {}, run.tasks[number]);
    const then = { ready: "is ready again", done: "ends", waits: `until it waits for ${run.texts[task.text]}` }[task.state] ?? run.texts[task.text] ?? "";
    const said = runs ? then : run.texts[task.text] ?? "";
    if (said) make(card, "small", {}, said);
    const old = before.get(String(number)), rect = card.getBoundingClientRect();
    if (old && !still && card.animate) card.animate([{ transform: `translate(${old.x - rect.x}px,${old.y - rect.y}px)` }, { transform: "none" }], 350);
  }
}
