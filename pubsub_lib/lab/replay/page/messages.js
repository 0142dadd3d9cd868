// The view of messages: a row per queue; publishers left, readers right, what is lost below.
const ROW = 98;
function drawMessages(view, run, state) {
  const width = widthIn(view.host, 320), narrow = width < 480;
  const R = narrow ? 11 : 13, W = halfOf(run, R, narrow), senders = sendersOf(run);
  const left = narrow ? 8 + roomFor(senders, 66) : 116, right = narrow ? roomFor(run.queues.map(([name]) => name), 78) : 130;
  const height = Math.max(Math.max(run.queues.length, 1) * ROW + 8, senders.length * 74);
  const back = drawingOf(view, {
    viewBox: `0 0 ${width} ${height}`, height, class: narrow ? "narrow" : "",
    "aria-label": `Messages: ${words(run, state)}`,
  });
  const places = new Map(); // where each copy of a message is, by message and queue
  const sheet = {
    width, narrow, R, W, left, right, x1: width - right - 22, step: 2 * W + 6,
    write: (x, y, kind, text, anchor = "start") => make(back, "text", { x, y, class: kind, "text-anchor": anchor }, text),
    box: (kind, x, y, width, height) => make(back, "rect", { class: `box ${kind}`, x, y, width, height, rx: 6 }),
    wire: (kind, d) => back.prepend(make(back, "path", { class: `wire ${kind}`, d })), // below all labels
    cell: (cx, cy) => make(back, "rect", { class: "cell", opacity: 0.5, ...token(cx, cy, W, R) }),
    cross: (x, y) => make(back, "path", { class: "cross", d: `M${x - 8} ${y - 8}l16 16m0-16l-16 16` }),
    place: (message, queue, x, y, kind = "") => {
      const copy = [...places.values()].filter((one) => one.message === message && one.queue === queue).length;
      places.set(`${message}/${queue}/${copy}`, { message, queue, x, y, kind });
    },
    senderY: (sender) => ((Math.max(0, senders.indexOf(sender)) + 0.5) * height) / Math.max(senders.length, 1),
  };
  for (const sender of senders) drawSender(sheet, run, state, sender);
  run.queues.forEach((_, number) => { if (state.queues[number].here) drawQueue(sheet, run, state, number); });
  move(view, run, places, R, W, (message) => [left - 24, sheet.senderY(nameOf(run, state.sending.get(message)?.task))]);
}

// A message: as wide as its label, round if that is its number.
const token = (x, y, W, R) => ({ x: x - W, y: y - R, width: 2 * W, height: 2 * R, rx: R });
const halfOf = (run, R, narrow) => Math.max(R, 5 + (narrow ? 2.9 : 3.5) * Math.max(...(run.labels ?? [""]).map((one) => one.length)));

// How wide a box is on a phone, for the longest of these names, and for what its owner does.
const roomFor = (names, least) => Math.max(least, ...names.map((one) => 16 + 6.4 * Math.min(12, one.length)));

// Who publishes, whether it waits, and where it last counted others than those that got the message.
function drawSender({ narrow, left, write, box, senderY }, run, state, sender) {
  const y = senderY(sender), sent = [...state.sending.values()].filter((one) => nameOf(run, one.task) === sender);
  const status = statusOf(run, state, sender);
  const waits = sent.some((one) => one.waits.length) || (!status && isDeadlock(run, state));
  box(waits ? "waits" : status === "failed" ? "failed" : nameOf(run, state.runs) === sender ? "runs" : "", 1, y - 24, left - 8, 48);
  write(8, y - 4, "bold", cut(sender, narrow ? 12 : 13));
  write(8, y + 14, waits ? "wait" : "quiet", waits ? "waits" : status || (sent.length ? "publishes" : ""));
  const [sending, said, got] = [...state.counts].find(([task]) => nameOf(run, task) === sender)?.[1] ?? [];
  if (said !== undefined) write(4, y + 40, "lost", `says ${said}, ${got} got ${called(run, sending)}`);
}

// A queue and what is in it, who waits for room, what was lost, and its reader.
function drawQueue(sheet, run, state, number) {
  const { left, x1, R, W, step, write, box, wire, cell, cross, place, senderY } = sheet;
  const queue = state.queues[number], bound = run.queues[number][1], y = number * ROW + 46;
  const fit = Math.max(1, Math.floor((x1 - left - (bound ? 2 * W + 14 : 22)) / step)), isCrowded = bound > fit;
  const cells = isCrowded ? Math.max(1, fit - 1) : bound || fit; // so that "+2" has room beside who waits
  const start = x1 - cells * step, full = bound && queue.items.length >= bound;
  const waiting = [...state.sending].filter(([, one]) => one.waits.includes(number));
  for (const sender of sendersOf(run).filter((one) => wiresOf(run).has(`${one}/${number}`))) {
    const blocked = waiting.some(([, one]) => nameOf(run, one.task) === sender), from = senderY(sender);
    wire(blocked ? "blocked" : "", `M${left - 7} ${from}C${left + 20} ${from} ${start - 50} ${y} ${start - 4} ${y}`);
  }
  const killed = isKilled(run, state, number), held = [...queue.kept, ...queue.items];
  box(`${full ? "full" : ""} ${killed ? "failed" : queue.left ? "gone" : ""}`, start - 4, y - R - 6, cells * step + 6, 2 * R + 12);
  for (let index = 0; index < cells; index++) cell(x1 - (index + 0.5) * step, y);
  write(x1, y - R - 12, killed ? "lost" : full ? "wait" : "quiet", countOf(run, state, number), "end");
  const hidden = held.slice(cells), more = bound ? hidden.length : messagesOf(run, hidden).length;
  if (more > 0) write(start - 8, y + 5, "wait", `+${more}`, "end");
  held.slice(0, cells).forEach((message, index) =>
    place(message, number, x1 - (index + 0.5) * step, y, index < queue.kept.length ? "kept" : ""));
  if (killed) cross(start + 14, y);
  waiting.slice(0, 3).forEach(([message], index) => place(message, number, start - W - 9 - index * 6 - (more > 0 ? step : 0), y, "wait"));
  const apart = 2 * W + 2, chips = (room) => Math.max(1, Math.floor((x1 - left - room) / apart));
  const shown = queue.lost.slice(-chips(queue.lost.length > chips(50) ? 70 : 50)), unseen = queue.lost.length - shown.length;
  const lost = `${queue.lost.length} lost ${unseen ? "+" + unseen : ""}`.trim();
  if (shown.length) write(x1 - shown.length * apart - 6, y + 40, "lost", lost, "end");
  shown.forEach((message, index) => place(message, number, x1 - (shown.length - index - 0.5) * apart, y + 36, "lost"));
  wire("", `M${x1 + 2} ${y}h18`);
  drawReader(sheet, run, state, number, y, messagesOf(run, queue.items).length);
}

// Who reads a queue, what it has in hand, and what is odd about what it got or leaves behind.
function drawReader({ narrow, width, W, right, x1, step, write, box, cross, place }, run, state, number, y, waits) {
  const { hand, handled, odd, waited } = state.queues[number], [kind, status] = readerOf(run, state, number);
  const killed = status === "killed", failed = killed || status === "failed", x = x1 + 28;
  box(failed ? "failed" : hand.length ? "runs" : "", x1 + 20, y - 28, right - 2, 56);
  write(x, y - 12, "bold", cut(run.queues[number][0], narrow ? 12 : 14));
  if (failed || !hand.length) write(x + hand.length * step, y + 14, kind, status);
  if (killed) cross(width - 18, y + 10);
  if (handled) write(width - 3, y + 42, "done", `${handled} handled`, "end");
  const marks = [...odd, ...(kind.endsWith("over") && waits ? [`${waits} left behind`] : [])];
  const labelled = [...waited].filter(([label]) => label), kindOf = marks.length ? "lost" : "wait";
  if (labelled.some(([, time]) => time)) marks.push(`longest wait: ${labelled.map(([label, time]) => label + " " + seconds(time)).join(", ")}`);
  if (marks.length) write(width - 3, y + 57, kindOf, fromEnd(marks.join(", "), width / 8), "end");
  hand.slice(0, Math.min(3, Math.floor(right / step))).forEach((message, index) =>
    place(message, number, x + Math.max(13, W) + index * step, y + 10));
}

// Tasks of one name are one sender: a broker may start a task for each delivery.
const nameOf = (run, task) => run.tasks[task] ?? "?";
const sendersOf = (run) => (run.senders ??= [...new Set(
  run.changes.filter(([kind]) => kind === "P").map(([, task]) => nameOf(run, task)))]);
// Who ever sends into which queue, or tries to.
function wiresOf(run) {
  if (run.wires) return run.wires;
  const from = new Map(), wires = (run.wires = new Set());
  for (const [kind, one, two, ...more] of run.changes) {
    if (kind === "P") from.set(two, nameOf(run, one));
    if (kind === "E" || kind === "D") wires.add(`${from.get(two)}/${one}`);
    if (kind === "W") for (const queue of [two, ...more]) wires.add(`${from.get(one)}/${queue}`);
  }
  return wires;
}
// How the tasks of this name have ended, if all have.
function statusOf(run, state, name) {
  const states = [...state.tasks].filter(([task]) => nameOf(run, task) === name).map(([, one]) => one.state);
  return states.every((one) => OVER.includes(one)) ? states.at(-1) ?? "" : "";
}
const OVER = ["done", "failed", "cancelled"];
const fromEnd = (text, most) => (text.length > most ? `… ${text.slice(-most)}` : text);
// What those who read a queue do, where they have nothing in hand: a class, and in words.
function readerOf(run, state, number) {
  const states = run.queues[number][3].map((task) => state.tasks.get(task)?.state);
  if (!states.length) return ["quiet", "no reader"];
  if (states.filter(Boolean).at(-1) === "killed") return ["lost", "killed"];
  if (state.queues[number].asleep) return ["wait", "sleeps"];
  const over = states.every((one) => OVER.includes(one));
  if (over && state.queues[number].byReader) return ["bold over", "has left"];
  return over ? [states.at(-1) === "failed" ? "lost over" : "quiet over", states.at(-1)] : ["", ""];
}
// At a deadlock, which is the last picture, whoever has not ended waits.
const isDeadlock = (run, state) => run.error.startsWith("Deadlock") && isLast(run, state.last);
const messagesOf = (run, items) => items.filter((message) => !isEnd(run, message));
// Whether the process is dead that keeps a queue.
const isKilled = (run, state, number) => state.tasks.get(run.queues[number][4])?.state === "killed";
// How many wait in a queue: of one with a bound the end is counted, which takes a place.
function countOf(run, state, number) {
  const { items, kept, left } = state.queues[number], [, bound, , , keeper] = run.queues[number], waits = messagesOf(run, items).length;
  const count = bound ? `${items.length} of ${bound}` : `${waits} ${waits === 1 ? "waits" : "wait"}`;
  if (isKilled(run, state, number)) return `${run.tasks[keeper]}: killed`;
  return (keeper === undefined ? "" : `${run.tasks[keeper]}: `) + count
    + (kept.length ? `, ${kept.length} unacknowledged` : "")
    + (bound && items.length >= bound ? ", full" : "") + (left ? ", closed" : "");
}
const words = (run, state, count = countOf) => run.queues.map(([label], number) => {
  const queue = state.queues[number];
  const odd = [readerOf(run, state, number)[1], ...queue.odd].filter(Boolean);
  return `${label}: ${count(run, state, number)}, ${queue.handled} handled, ${queue.lost.length} lost ${odd.length ? "(" + odd.join(", ") + ")" : ""}`.trim();
}).join("; ");

// Lets each chip glide from where it was to where it is.
function move(view, run, places, R, W, origin) {
  for (const [key, chip] of view.chips)
    if (!places.has(key)) { chip.remove(); view.chips.delete(key); }
  for (const [key, { message, x, y, kind }] of places) {
    let chip = view.chips.get(key);
    if (!chip) {
      chip = make(view.svg, "g", { class: "chip" });
      make(chip, "rect", token(0, 0, W, R));
      const text = make(chip, "text", { y: 4, lengthAdjust: "spacingAndGlyphs" }, isEnd(run, message) ? "end" : (W > R && labelOf(run, message)) || numberOf(run, message));
      if (text.getComputedTextLength() > 2 * W - 6) text.setAttribute("textLength", 2 * W - 6);
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
