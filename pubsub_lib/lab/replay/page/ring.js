// The view of a ring: slots that are used again and again, a cursor per subscriber, the gate.
function drawRing(view, run, state) {
  const width = widthIn(view.host, 316), slots = run.queues[0]?.[1] ?? 1;
  const size = Math.min(width, 400), cx = width / 2, cy = size / 2, narrow = width < 560;
  const radius = size / 2 - (narrow ? 90 : 78), R = Math.max(8, Math.min(narrow ? 11 : 22, (radius * 2.4) / slots));
  const half = narrow ? 32 : 40; // of the publisher's width
  // How high is what is written beside each cursor, and how far above the circle if all are at one slot.
  const losing = new Set(run.changes.filter(([kind]) => kind === "D").map(([, queue]) => queue));
  const highOf = (number) => (narrow && losing.has(number) ? 50 : 34);
  const steepest = Math.cos(slots % 2 ? 0 : Math.PI / slots); // of odd ones, one is at the very bottom
  const labels = run.queues.reduce((sum, _, number) => sum + highOf(number), 0);
  const above = Math.max(0, labels + steepest * (radius + R + 20) - 8 - cy), height = size + 2 * above;
  const back = drawingOf(view, {
    viewBox: `0 ${-above} ${width} ${height}`, height, class: narrow ? "narrow" : "",
    "aria-label": `A ring of ${slots}: ${words(run, state, behindOf)}`,
  });
  const at = (index, distance) => {
    const angle = (((index % slots) + 0.5) / slots) * 2 * Math.PI - Math.PI / 2;
    return [cx + Math.cos(angle) * distance, cy + Math.sin(angle) * distance];
  };
  const places = new Map(), head = state.stored.length;
  const waiting = [...state.sending].filter(([, one]) => one.waits.length);
  make(back, "circle", { class: "wire", cx, cy, r: radius });
  for (let slot = 0; slot < slots; slot++) {
    const [x, y] = at(slot, radius), held = waiting.length && slot === head % slots;
    make(back, "circle", { class: `cell ${held ? "full" : ""}`, cx: x, cy: y, r: R + 4 });
  }
  state.stored.slice(-slots).forEach((message, index) => {
    const [x, y] = at(Math.max(0, head - slots) + index, radius);
    const unread = run.queues.some((_, number) => state.queues[number].items.includes(message));
    places.set(message, { message, x, y, kind: unread ? "" : "read" });
  });
  const [hx, hy] = at(head, radius - 2 * R - 11), [tx, ty] = at(head, radius - R - 5);
  make(back, "path", { class: `wire ${waiting.length ? "blocked" : ""}`, d: `M${cx} ${cy}L${tx} ${ty}` });
  waiting.forEach(([message]) => places.set(message, { message, x: hx, y: hy, kind: "wait" }));
  const task = waiting[0]?.[1].task ?? state.publishers.at(-1);
  const said = waiting.length ? "waits" : state.runs === task && task !== undefined ? "publishes" : "";
  make(back, "rect", { class: `box ${waiting.length ? "waits" : said ? "runs" : ""}`, x: cx - half, y: cy - 19, width: 2 * half, height: 38, rx: 6 });
  make(back, "text", { x: cx, y: cy - (said ? 2 : -4), "text-anchor": "middle", class: "bold" }, cut(run.tasks[task] ?? "", narrow ? 8 : 10));
  make(back, "text", { x: cx, y: cy + 13, "text-anchor": "middle", class: waiting.length ? "wait" : "quiet" }, said);
  const taken = new Map();
  run.queues.forEach(([label], number) => {
    const queue = state.queues[number], behind = queue.items.length, gate = behind >= slots;
    if (!queue.here) return;
    const high = highOf(number);
    const index = head - behind + slots, offset = taken.get(index % slots) ?? 0;
    taken.set(index % slots, offset + high);
    const [x, y] = at(index, radius + R + 11), [lx, ly] = at(index, radius + R + 20);
    if (!offset) make(back, "circle", { cx: x, cy: y, r: 5, fill: gate ? "var(--wait)" : "var(--message)" });
    const anchor = lx > cx ? "start" : "end", y0 = ly < cy ? ly + 22 - high - offset : ly + 4 + offset;
    const text = make(back, "text", { x: lx, y: y0, "text-anchor": anchor, class: gate ? "wait" : "bold" }, cut(label, narrow ? 9 : 11));
    make(text, "tspan", { class: "quiet", x: lx, dy: 16 }, behindOf(run, state, number));
    const below = narrow ? { x: lx, dy: 16 } : {};
    if (queue.lost.length) make(text, "tspan", { class: "lost", ...below }, `${narrow ? "" : ", "}lost ${queue.lost.length}`);
  });
  move(view, run, places, R, R, () => [cx, cy]);
}
const behindOf = (run, state, number) => `${state.queues[number].items.length} behind`;
