// The view of messages: a row per queue; publishers left, readers right, what is lost below.
function drawMessages(view, run, state) {
  const width = view.host.clientWidth || 600, narrow = width < 480;
  const left = narrow ? 92 : 116, right = narrow ? 88 : 130, R = narrow ? 11 : 13, ROW = 98;
  // Tasks of one name are one sender: a broker may start a task for each delivery.
  const senders = [...new Set(allPublishers(run).map((task) => run.tasks[task] ?? "?"))];
  const height = Math.max(Math.max(run.queues.length, 1) * ROW + 8, senders.length * 74);
  const x0 = left + 36, x1 = width - right - 22;
  const fit = Math.max(1, Math.floor((x1 - x0) / (2 * R + 6)));
  view.svg ??= make(view.host, "svg", { role: "img" });
  const svg = view.svg;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  svg.setAttribute("class", narrow ? "narrow" : "");
  svg.setAttribute("aria-label", `Messages: ${words(run, state)}`);
  view.back?.remove();
  const back = (view.back = svg.insertBefore(document.createElementNS(SVG, "g"), svg.firstChild));
  const places = new Map(); // where each copy of a message is, by message and queue
  const place = (message, queue, x, y, kind = "") => {
    const copy = [...places.values()].filter((one) => one.message === message && one.queue === queue).length;
    places.set(`${message}/${queue}/${copy}`, { message, queue, x, y, kind });
  };
  const senderOf = (task) => run.tasks[task] ?? "?";
  const senderY = (sender) => ((Math.max(0, senders.indexOf(sender)) + 0.5) * height) / Math.max(senders.length, 1);
  senders.forEach((sender) => {
    const y = senderY(sender), sent = [...state.sending].filter(([, one]) => senderOf(one.task) === sender);
    const waits = sent.some(([, one]) => one.waits.length), status = statusOf(run, state, sender);
    const kind = waits ? "waits" : status === "failed" ? "failed" : senderOf(state.runs) === sender ? "runs" : "";
    const [said, got] = [...state.counts].find(([task]) => senderOf(task) === sender)?.[1] ?? [];
    if (said !== undefined) make(back, "text", { x: 4, y: y + 40, class: "lost" }, `says ${said}, ${got} got it`);
    make(back, "rect", { class: `box ${kind}`, x: 1, y: y - 24, width: left - 8, height: 48, rx: 6 });
    make(back, "text", { x: 8, y: y - 4, class: "bold" }, cut(sender, narrow ? 12 : 13));
    make(back, "text", { x: 8, y: y + 14, class: waits ? "wait" : "quiet" },
      waits ? "waits" : status || (sent.length ? "publishes" : ""));
  });
  run.queues.forEach(([label, bound, ring], number) => {
    const queue = state.queues[number];
    const y = number * ROW + 46, cells = bound ? Math.min(bound, fit) : fit, step = 2 * R + 6;
    if (!queue.here) return;
    const full = bound && queue.items.length >= bound;
    const start = x1 - cells * step;
    const waiting = [...state.sending].filter(([, one]) => one.waits.includes(number));
    senders.filter((sender) => wiresOf(run).has(`${sender}/${number}`)).forEach((sender) => make(back, "path", {
      class: `wire ${waiting.some(([, one]) => senderOf(one.task) === sender) ? "blocked" : ""}`,
      d: `M${left - 7} ${senderY(sender)}C${left + 20} ${senderY(sender)} ${start - 50} ${y} ${start - 4} ${y}` }));
    make(back, "rect", { class: `box ${full ? "full" : ""} ${queue.left ? "gone" : ""}`, x: start - 4, y: y - R - 6, width: cells * step + 6, height: 2 * R + 12, rx: 6 });
    for (let cell = 0; cell < cells; cell++)
      make(back, "circle", { class: "cell", cx: x1 - (cell + 0.5) * step, cy: y, r: R, opacity: 0.5 });
    const waits = queue.items.filter((message) => !isEnd(run, message)).length;
    const count = `${queue.items.length}${bound ? ` of ${bound}` : queue.items.length === 1 ? " waits" : " wait"}`;
    make(back, "text", { x: x1, y: y - R - 12, "text-anchor": "end", class: full ? "wait" : "quiet" },
      `${count}${full ? ", full" : ""}${queue.left ? ", closed" : ""}`);
    if (queue.items.length > cells && !waiting.length) make(back, "text", { x: start - 8, y: y + 5, "text-anchor": "end", class: "wait" }, `+${queue.items.length - cells}`);
    make(back, "path", { class: "wire", d: `M${x1 + 2} ${y}h18` });
    make(back, "rect", { class: "box" + (queue.hand.length ? " runs" : ""), x: x1 + 20, y: y - 28, width: right - 2, height: 56, rx: 6 });
    make(back, "text", { x: x1 + 28, y: y - 12, class: "bold" }, cut(label, narrow ? 12 : 14));
    make(back, "text", { x: x1 + 28, y: y + 42, class: "done" }, queue.handled ? `${queue.handled} handled` : "");
    const [kind, status] = readerOf(run, state, number);
    if (!queue.hand.length) make(back, "text", { x: x1 + 28, y: y + 12, class: kind }, status);
    const odd = [...queue.odd, ...(kind.endsWith("over") && waits ? [`${waits} left behind`] : [])];
    if (odd.length) make(back, "text", { x: width - 3, y: y + 57, class: "lost", "text-anchor": "end" }, fromEnd(odd.join(", "), width / 8));
    queue.items.slice(0, cells).forEach((message, index) => place(message, number, x1 - (index + 0.5) * step, y));
    queue.hand.slice(0, 3).forEach((message, index) => place(message, number, x1 + 41 + index * step, y + 10));
    waiting.forEach(([message], index) => place(message, number, start - 22 - index * 6, y, "wait"));
    const shown = queue.lost.slice(-Math.max(1, Math.floor((x1 - left - 50) / (2 * R + 2))));
    if (queue.lost.length) make(back, "text", { x: x1 - shown.length * (2 * R + 2) - 6, y: y + 40, class: "lost", "text-anchor": "end" }, `${queue.lost.length} lost`);
    shown.forEach((message, index) => place(message, number, x1 - (shown.length - index - 0.5) * (2 * R + 2), y + 36, "lost"));
  });
  move(view, run, places, R, (message) => {
    return [left - 24, senderY(senderOf(state.sending.get(message)?.task))];
  });
}
const allPublishers = (run) => (run.publishers ??= run.pictures.flatMap(([, , changes]) => changes.filter(([kind]) => kind === "P").map(([, task]) => task)));
// Who ever sends into which queue, or tries to.
const wiresOf = (run) => (run.wires ??= new Set(run.pictures.flatMap(([, , changes]) => changes).flatMap(([kind, one, two, ...more]) => {
  run.from ??= new Map();
  if (kind === "P") run.from.set(two, run.tasks[one] ?? "?");
  const queues = kind === "E" || kind === "D" ? [[one, two]] : kind === "W" ? [two, ...more].map((queue) => [queue, one]) : [];
  return queues.map(([queue, message]) => `${run.from.get(message)}/${queue}`);
})));
// How the tasks of this name have ended, if all have.
function statusOf(run, state, name) {
  const states = [...state.tasks].filter(([task]) => run.tasks[task] === name).map(([, one]) => one.state);
  return states.every((one) => OVER.includes(one)) ? states.at(-1) ?? "" : "";
}
const OVER = ["done", "failed", "cancelled"];
const fromEnd = (text, most) => (text.length > most ? `… ${text.slice(-most)}` : text);
// What those who read a queue do, where they have nothing in hand: a class, and in words.
function readerOf(run, state, number) {
  const states = run.queues[number][3].map((task) => state.tasks.get(task)?.state);
  if (!states.length) return ["quiet", "no reader"];
  if (state.queues[number].asleep) return ["wait", "sleeps"];
  const over = states.every((one) => OVER.includes(one));
  return over ? [states.at(-1) === "failed" ? "lost over" : "quiet over", states.at(-1)] : ["", ""];
}
const words = (run, state) => run.queues.map(([label], number) => {
  const queue = state.queues[number];
  const odd = [readerOf(run, state, number)[1], ...queue.odd].filter(Boolean);
  return `${label}: ${queue.items.length} wait, ${queue.handled} handled, ${queue.lost.length} lost${odd.length ? ` (${odd.join(", ")})` : ""}`;
}).join("; ");

// Lets each chip glide from where it was to where it is.
function move(view, run, places, radius, origin) {
  for (const [key, chip] of view.chips)
    if (!places.has(key)) { chip.remove(); view.chips.delete(key); }
  for (const [key, { message, x, y, kind }] of places) {
    let chip = view.chips.get(key);
    if (!chip) {
      chip = make(view.svg, "g", { class: "chip" });
      make(chip, "circle", { r: radius });
      make(chip, "text", { y: 4 }, isEnd(run, message) ? "end" : called(run, message).slice(1));
      make(chip, "title", {}, run.messages[message]);
      const [fromX, fromY] = origin(message);
      chip.style.transform = `translate(${fromX}px,${fromY}px)`;
      view.chips.set(key, chip);
      if (!still) chip.getBoundingClientRect(); // so that it starts from there
    }
    chip.setAttribute("class", `chip ${kind} ${isEnd(run, message) ? "end" : ""}`);
    chip.style.transform = `translate(${x}px,${y}px)`;
  }
}
