// The story of a film: its pictures in order, what is where in each of them, and what it says in words.
const film = document.querySelector("#FILM:not([data-ready])");
if (!film) return;
film.dataset.ready = "true";
const data = JSON.parse(film.querySelector("script[type='application/json']").textContent);
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const SVG = "http://www.w3.org/2000/svg";

// Making elements.
function make(parent, tag, attributes = {}, text = null) {
  const svg = parent.namespaceURI === SVG || tag === "svg";
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  return parent.appendChild(element);
}
// How wide a drawing is; where that is more than there is room for, its host scrolls.
function widthIn(host, least) {
  const room = host.clientWidth || 600, scrolls = room < least;
  host.style.overflowX = scrolls ? "auto" : "";
  if (scrolls) host.tabIndex = 0;
  else host.removeAttribute("tabindex");
  host.style.setProperty("--least", scrolls ? `${least}px` : "0");
  return Math.max(room, least);
}
// The drawing of a view; returned is what lies below its messages, empty.
function drawingOf(view, attributes) {
  const svg = (view.svg ??= make(view.host, "svg", { role: "img" }));
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  view.back?.remove();
  svg.prepend((view.back = make(svg, "g")));
  return view.back;
}
const cut = (text, most) => (text.length > most ? [...text].slice(0, most - 1).join("") + "…" : text);

const STATES = { r: "runs", w: "waits", y: "ready", d: "done", f: "failed", c: "cancelled", k: "killed" };

const isEnd = (run, message) => run.ends.includes(message);
// What stands in a message's token where there is room for it: its label; "" if it has none.
const labelOf = (run, message) => run.labels?.[message] ?? "";
const numberOf = (run, message) => message + 1 - run.ends.filter((end) => end < message).length;
// What a message is called: by its number, which leaves out ends.
const called = (run, message) => isEnd(run, message) ? "the end"
  : `${labelOf(run, message)} #${numberOf(run, message)}`.trim();

// Adds to the changes what is odd: a message that comes once more, or after a later one.
function remark(run) {
  const queues = run.queues.map(() => ({ entered: new Set(), taken: new Set(), last: -1 })), sent = new Set();
  run.changes = run.pictures.flatMap(([, , changes]) => changes);
  for (const change of run.changes) {
    const [kind, number, message] = change, queue = queues[number];
    if (kind === "P") change[3] = sent.has(`${change[1]}/${message}`); // put into another queue
    if (kind === "P") sent.add(`${change[1]}/${message}`);
    if (kind === "E" && queue.entered.has(message)) change[3] = " again";
    if (kind === "E") queue.entered.add(message);
    if (kind !== "T") continue;
    if (queue.taken.has(message)) change[4] = `${called(run, message)} again`;
    else if (message < queue.last) change[4] = `${called(run, message)} after ${called(run, queue.last)}`;
    queue.taken.add(message);
    queue.last = Math.max(queue.last, message);
  }
}

// The time line: the pictures of all runs, in the order of time.
const line = [];
data.runs.forEach((run, which) => {
  let time = 0;
  run.pictures = run.pictures.split("|").filter(Boolean).map((text) => {
    const [, later, task, changes] = text.match(/^(\d+),(-?\d+),(.*)$/);
    return [Number(later) * run.unit_ns, Number(task), changes.split(";").map((change) =>
      [change[0], ...change.slice(1).split(",").filter((part) => part !== "").map((part) => STATES[part] ?? Number(part))])];
  });
  remark(run);
  run.pictures.forEach(([later, task, changes], index) => {
    time += later;
    line.push({ time, which, task, changes, index });
  });
});
line.sort((a, b) => a.time - b.time || a.which - b.which || a.index - b.index);
// Where nothing has happened there is nothing to play, and the caption says what there is to say.
if (!line.length) {
  delete film.dataset.ready;
  return;
}

// What is where after the first so many pictures.
function stateAt(position) {
  const states = data.runs.map((run) => ({
    queues: run.queues.map(() => (
      { items: [], hand: [], kept: [], handled: 0, lost: [], odd: [], asleep: false, here: false, left: false, byReader: false,
      since: new Map(), waited: new Map() })),
    values: [], sending: new Map(), counts: new Map(), tasks: new Map(), ready: [], stored: [], publishers: [], runs: -1, last: null,
  }));
  for (const picture of line.slice(0, position + 1)) {
    const state = states[picture.which];
    state.runs = picture.task;
    state.last = picture;
    for (const change of picture.changes) apply(data.runs[picture.which], state, change, picture);
  }
  return states;
}
const drop = (list, item) => list.includes(item) && list.splice(list.indexOf(item), 1);
// Whether who takes a queue away is its reader, who leaves; another one closes it.
const leaves = (run, queue, task) => run.queues[queue][3].includes(task);
function apply(run, state, change, { time, task }) {
  const [kind, one, two, three, four] = change;
  const queue = state.queues[one];
  switch (kind) {
    case "J": queue.here = true; queue.left = queue.byReader = false; break;
    case "L":
      queue.left = true;
      queue.byReader = leaves(run, one, task);
      break;
    case "P":
      state.sending.set(two, { task: one, waits: [] });
      if (!state.publishers.includes(one)) state.publishers.push(one);
      break;
    case "R":
      if (two !== undefined) state.counts.set(state.sending.get(one)?.task, [one, two, three]);
      state.sending.delete(one);
      break;
    case "W": if (state.sending.has(one)) state.sending.get(one).waits = change.slice(2); break;
    case "E":
      queue.items.push(two);
      queue.since.set(two, time);
      drop(queue.lost, two);
      if (!state.stored.includes(two)) state.stored.push(two);
      break;
    case "T":
      drop(queue.items, two);
      queue.hand.push(two);
      if (four) queue.odd.push(four);
      const label = labelOf(run, two);
      queue.waited.set(label, Math.max(time - queue.since.get(two), queue.waited.get(label) ?? 0));
      break;
    case "U": queue.kept.push(two); break;
    case "A": drop(queue.kept, two); break;
    case "N": if (three !== undefined) state.values[two] = run.texts[three]; break;
    case "H": drop(queue.hand, two); queue.handled += !isEnd(run, two); break;
    case "Z": queue.asleep = Boolean(two); break;
    case "B": drop(queue.hand, two); drop(queue.kept, two); queue.items.unshift(two); break;
    case "D": drop(queue.items, two); drop(queue.hand, two); queue.lost.push(two); break;
    case "I": state.tasks.set(one, { state: "waits", text: -1, line: two }); break;
    case "S": state.tasks.set(one, { state: two, text: three, line: four }); break;
    case "Q": state.ready = change.slice(1); break;
  }
}

const isLast = (run, picture) => picture?.index === run.pictures.length - 1;
// A picture in words.
function tell(picture) {
  const run = data.runs[picture.which];
  const task = (number) => (number < 0 ? "a timer" : run.tasks[number]);
  const queue = (number) => run.queues[number][0];
  const message = (number) => called(run, number);
  const own = picture.changes.filter(([kind]) => kind === "Y").map(([, text]) => run.texts[text]);
  if (own.length) return own.join("; ");
  const entered = new Map(), said = [];
  const enters = new Set(picture.changes.filter(([kind]) => kind === "E" || kind === "D").map(([, , one]) => one));
  for (const [kind, one, two, three, ...more] of picture.changes) {
    if (kind === "P" && !three) said.push(`${task(one)} ${isEnd(run, two) ? "sends" : "publishes"} ${message(two)}`);
    if (kind === "E" && entered.has(two)) entered.get(two).push(`${queue(one)}${three ?? ""}`);
    else if (kind === "E") {
      entered.set(two, [`${queue(one)}${three ?? ""}`]);
      said.push(() => `${message(two)} gets into ${entered.get(two).join(", ")}`);
    }
    if (kind === "R" && two !== undefined) said.push(`publish() returns ${two}, and ${three} got ${message(one)}`);
    if (kind === "W" && two === undefined && !enters.has(one)) said.push(`there is room for ${message(one)}`);
    if (kind === "W" && two !== undefined)
      said.push(`${message(one)} waits for room in ${[two, three, ...more].filter((n) => n !== undefined).map(queue).join(", ")}`);
    if (kind === "T") said.push(`${task(three)} takes ${more[0] ?? message(two)}${task(three) === queue(one) ? "" : " of " + queue(one)}`);
    if (kind === "H" && !isEnd(run, two)) said.push(`${queue(one)} has handled ${message(two)}`);
    if (kind === "Z" && two) said.push(`${queue(one)} sleeps: a message is there, and nobody wakes it`);
    if (kind === "D") said.push(`${queue(one)} ${three ? "has not got" : "loses"} ${message(two)}`);
    if (kind === "J") said.push(`${queue(one)} joins`);
    if (kind === "L") said.push(`${queue(one)} ${leaves(run, one, picture.task) ? "leaves" : "is closed"}`);
    if (kind === "N") said.push(run.texts[one]);
    if (kind === "S" && (two === "failed" || two === "cancelled")) said.push(`${task(one)} ${two === "failed" ? "fails, " : ""}${run.texts[three]}`);
  }
  if (!said.length && picture.task < 0 && run.error && isLast(run, picture)) said.push(run.error.split("\n")[0].replace(/:$/, ""));
  const returned = picture.changes.find(([kind]) => kind === "R");
  if (!said.length && returned) said.push(`the publish of ${message(returned[1])} is over`);
  if (!said.length && picture.task < 0) {
    const ready = picture.changes.filter(([kind, , state]) => kind === "S" && state === "ready").map(([, one]) => task(one));
    said.push(ready.length ? `${ready.join(", ")} can go on` : "a timer rings");
  }
  if (!said.length) {
    const [, , state, text] = picture.changes.find(([kind, one]) => kind === "S" && one === picture.task) ?? [];
    const until = { waits: ` until it waits for ${run.texts[text]}`, done: " to its end" }[state] ?? "";
    said.push(`${task(picture.task)} runs${until}`);
  }
  return [...new Set(said.map((one) => (typeof one === "string" ? one : one())))].join("; ");
}

const seconds = (time) => `${Number((time / 1e9).toFixed(6))} s`;
