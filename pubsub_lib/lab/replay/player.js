// The player of a film: shows its pictures, one at a time. Plain JavaScript, which asks for nothing.
(() => {
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
  const cut = (text, most) => (text.length > most ? text.slice(0, most - 1) + "…" : text);

  const STATES = { r: "runs", w: "waits", y: "ready", d: "done", f: "failed", c: "cancelled" };

  // The time line: the pictures of all runs, in the order of time.
  const line = [];
  data.runs.forEach((run, which) => {
    let time = 0;
    run.pictures = run.pictures.split("|").filter(Boolean).map((text) => {
      const [, later, task, changes] = text.match(/^(\d+),(-?\d+),(.*)$/);
      return [Number(later) * run.unit_ns, Number(task), changes.split(";").map((change) =>
        [change[0], ...change.slice(1).split(",").filter((part) => part !== "").map((part) => STATES[part] ?? Number(part))])];
    });
    run.pictures.forEach(([later, task, changes], index) => {
      time += later;
      line.push({ time, which, task, changes, index });
    });
  });
  line.sort((a, b) => a.time - b.time || a.which - b.which || a.index - b.index);

  // What is where after the first so many pictures.
  function stateAt(position) {
    const states = data.runs.map((run) => ({
      queues: run.queues.map(() => ({ items: [], hand: [], handled: 0, lost: [], here: false, left: false })),
      sending: new Map(), tasks: new Map(), ready: [], stored: [], publishers: [], runs: -1, last: null,
    }));
    for (const picture of line.slice(0, position + 1)) {
      const state = states[picture.which];
      state.runs = picture.task;
      state.last = picture;
      for (const change of picture.changes) apply(state, change);
    }
    return states;
  }
  const drop = (list, item) => list.includes(item) && list.splice(list.indexOf(item), 1);
  function apply(state, change) {
    const [kind, one, two, three, four] = change;
    const queue = state.queues[one];
    switch (kind) {
      case "J": queue.here = true; break;
      case "L": queue.left = true; break;
      case "P":
        state.sending.set(two, { task: one, waits: [] });
        if (!state.publishers.includes(one)) state.publishers.push(one);
        break;
      case "R": state.sending.delete(one); break;
      case "W": if (state.sending.has(one)) state.sending.get(one).waits = change.slice(2); break;
      case "E":
        queue.items.push(two);
        if (!state.stored.includes(two)) state.stored.push(two);
        break;
      case "T": drop(queue.items, two); queue.hand.push(two); break;
      case "H": drop(queue.hand, two); queue.handled += 1; break;
      case "D": drop(queue.items, two); queue.lost.push(two); break;
      case "I": state.tasks.set(one, { state: "waits", text: -1, line: two }); break;
      case "S": state.tasks.set(one, { state: two, text: three, line: four }); break;
      case "Q": state.ready = change.slice(1); break;
    }
  }

  // A picture in words.
  function tell(picture) {
    const run = data.runs[picture.which];
    const task = (number) => (number < 0 ? "a timer" : run.tasks[number]);
    const queue = (number) => run.queues[number][0];
    const message = (number) => `#${number + 1}`;
    const entered = new Map(), said = [];
    for (const [kind, one, two, three, ...more] of picture.changes) {
      if (kind === "P") said.push(`${task(one)} publishes ${message(two)}`);
      if (kind === "E" && entered.has(two)) entered.get(two).push(queue(one));
      else if (kind === "E") {
        entered.set(two, [queue(one)]);
        said.push(() => `${message(two)} gets into ${entered.get(two).join(", ")}`);
      }
      if (kind === "W" && two !== undefined)
        said.push(`${message(one)} waits for room in ${[two, three, ...more].filter((n) => n !== undefined).map(queue).join(", ")}`);
      if (kind === "T") said.push(`${task(three)} takes ${message(two)}`);
      if (kind === "H") said.push(`${queue(one)} has handled ${message(two)}`);
      if (kind === "D") said.push(`${queue(one)} loses ${message(two)}`);
      if (kind === "J") said.push(`${queue(one)} joins`);
      if (kind === "L") said.push(`${queue(one)} is closed`);
      if (kind === "N") said.push(run.texts[one]);
      if (kind === "S" && (two === "failed" || two === "cancelled")) said.push(`${task(one)} ${two === "failed" ? "fails, " : ""}${run.texts[three]}`);
    }
    const returned = picture.changes.find(([kind]) => kind === "R");
    if (!said.length && returned) said.push(`the publish of ${message(returned[1])} is over`);
    if (!said.length && picture.task < 0) said.push("a timer rings");
    if (!said.length) {
      const [, , state, text] = picture.changes.find(([kind, one]) => kind === "S" && one === picture.task) ?? [];
      const until = { waits: ` until it waits for ${run.texts[text]}`, done: " to its end" }[state] ?? "";
      said.push(`${task(picture.task)} runs${until}`);
    }
    return said.map((one) => (typeof one === "string" ? one : one())).join("; ");
  }

  // The page.
  film.textContent = "";
  film.tabIndex = 0;
  if (data.title) make(film, "p", { class: "title" }, data.title);
  const body = make(film, "div", { class: "body" });
  const stage = make(body, "div");
  const runs = make(stage, "div", { class: data.runs.length > 1 ? "runs two" : "runs" });
  const panels = data.runs.map((run) => {
    const panel = make(runs, "div", { class: "run" });
    if (run.name) make(panel, "p", {}, run.name);
    const views = data.views.map((view) => ({ view, host: make(panel, "div"), chips: new Map() }));
    const error = make(panel, "p");
    return { run, panel, views, error };
  });
  const now = make(stage, "p", { class: "now", "aria-live": "polite" });
  const controls = make(stage, "div", { class: "controls", role: "group", "aria-label": "Player" });
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
    ? make(body, "div", { class: "source", tabindex: 0, role: "region", "aria-label": "Source" }) : null;
  if (source && data.runs.length === 1) body.classList.add("beside");
  const details = make(film, "details");
  make(details, "summary", {}, "Events as a table");
  details.ontoggle = () => { if (details.open && !details.querySelector("table")) fillTable(); };
  make(film, "p", { class: "caption" }, data.caption);

  function fillTable() {
    const table = make(make(details, "div", { class: "table", tabindex: 0, role: "region", "aria-label": "Events" }), "table");
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
  const seconds = (time) => `${Number((time / 1e9).toFixed(6))} s`;

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
    now.textContent = "";
    make(now, "b", {}, `${seconds(picture.time)} `);
    const whose = data.runs[picture.which].name;
    now.append(`${whose ? whose + ": " : ""}${tell(picture)}`);
    panels.forEach(({ run, panel, views, error }, which) => {
      for (const view of views) VIEWS[view.view](view, run, states[which], which === picture.which);
      const over = states[which].last?.index === run.pictures.length - 1;
      panel.classList.toggle("error", over && run.error !== "");
      error.textContent = over ? run.error : "";
    });
    if (source) drawSource(picture.which, states[picture.which]);
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

  // Messages: a row per queue; publishers left, readers right, what is lost below.
  function drawMessages(view, run, state) {
    const width = view.host.clientWidth || 600, narrow = width < 480;
    const left = narrow ? 92 : 116, right = narrow ? 88 : 130, R = narrow ? 11 : 13, ROW = 98;
    const height = Math.max(run.queues.length, 1) * ROW + 8;
    const x0 = left + 36, x1 = width - right - 22;
    const fit = Math.max(1, Math.floor((x1 - x0) / (2 * R + 6)));
    view.svg ??= make(view.host, "svg", { role: "img" });
    const svg = view.svg;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    svg.setAttribute("aria-label", `Messages: ${words(run, state)}`);
    view.back?.remove();
    const back = (view.back = svg.insertBefore(document.createElementNS(SVG, "g"), svg.firstChild));
    const places = new Map(); // where each copy of a message is, by message and queue
    const place = (message, queue, x, y, kind = "") => places.set(`${message}/${queue}`, { message, queue, x, y, kind });
    const senders = [...new Set(allPublishers(run))];
    const senderY = (task) => ((senders.indexOf(task) + 0.5) * height) / Math.max(senders.length, 1);
    senders.forEach((task) => {
      const y = senderY(task), sent = [...state.sending].filter(([, one]) => one.task === task);
      const waits = sent.some(([, one]) => one.waits.length), status = state.tasks.get(task);
      const kind = waits ? "waits" : status?.state === "failed" ? "failed" : state.runs === task ? "runs" : "";
      make(back, "rect", { class: `box ${kind}`, x: 1, y: y - 24, width: left - 8, height: 48, rx: 6 });
      make(back, "text", { x: 8, y: y - 4, class: "bold" }, cut(run.tasks[task] ?? "?", narrow ? 10 : 13));
      make(back, "text", { x: 8, y: y + 14, class: waits ? "wait" : "quiet" },
        waits ? "waits" : status && ["done", "failed", "cancelled"].includes(status.state) ? status.state : sent.length ? "publishes" : "");
    });
    run.queues.forEach(([label, bound, ring], number) => {
      const queue = state.queues[number];
      const y = number * ROW + 46, cells = bound ? Math.min(bound, fit) : fit, step = 2 * R + 6;
      if (!queue.here) return;
      const full = bound && queue.items.length >= bound;
      const start = x1 - cells * step;
      const waiting = [...state.sending].filter(([, one]) => one.waits.includes(number));
      senders.forEach((task) => make(back, "path", {
        class: `wire ${waiting.some(([, one]) => one.task === task) ? "blocked" : ""}`,
        d: `M${left - 7} ${senderY(task)}C${left + 20} ${senderY(task)} ${start - 50} ${y} ${start - 4} ${y}` }));
      make(back, "rect", { class: `box ${full ? "full" : ""} ${queue.left ? "gone" : ""}`, x: start - 4, y: y - R - 6, width: cells * step + 6, height: 2 * R + 12, rx: 6 });
      for (let cell = 0; cell < cells; cell++)
        make(back, "circle", { class: "cell", cx: x1 - (cell + 0.5) * step, cy: y, r: R, opacity: 0.5 });
      const count = `${queue.items.length}${bound ? ` of ${bound}` : ""}`;
      make(back, "text", { x: x1, y: y - R - 12, "text-anchor": "end", class: full ? "wait" : "quiet" },
        `${count}${full ? ", full" : ""}${queue.left ? ", closed" : ""}`);
      if (queue.items.length > cells) make(back, "text", { x: start - 8, y: y + 5, "text-anchor": "end", class: "wait" }, `+${queue.items.length - cells}`);
      make(back, "path", { class: "wire", d: `M${x1 + 2} ${y}h18` });
      make(back, "rect", { class: "box" + (queue.hand.length ? " runs" : ""), x: x1 + 20, y: y - 28, width: right - 2, height: 56, rx: 6 });
      make(back, "text", { x: x1 + 28, y: y - 12, class: "bold" }, cut(label, narrow ? 9 : 14));
      make(back, "text", { x: x1 + 28, y: y + 42, class: "done" }, queue.handled ? `${queue.handled} handled` : "");
      if (!readBy(run, number)) make(back, "text", { x: x1 + 28, y: y + 12, class: "quiet" }, narrow ? "no reader" : "nobody reads");
      queue.items.slice(0, cells).forEach((message, index) => place(message, number, x1 - (index + 0.5) * step, y));
      queue.hand.slice(0, 3).forEach((message, index) => place(message, number, x1 + 41 + index * step, y + 10));
      waiting.forEach(([message], index) => place(message, number, start - 22 - index * 6, y, "wait"));
      const shown = queue.lost.slice(-Math.max(1, Math.floor((x1 - x0 - 40) / (2 * R + 2))));
      if (queue.lost.length) make(back, "text", { x: x1 - shown.length * (2 * R + 2) - 6, y: y + 40, class: "lost", "text-anchor": "end" }, `${queue.lost.length} lost`);
      shown.forEach((message, index) => place(message, number, x1 - (shown.length - index - 0.5) * (2 * R + 2), y + 36, "lost"));
    });
    move(view, places, R, (message) => {
      const sender = state.sending.get(message)?.task ?? senders[0];
      return [left - 24, senderY(sender ?? 0) || height / 2];
    });
  }
  const allPublishers = (run) => (run.publishers ??= run.pictures.flatMap(([, , changes]) => changes.filter(([kind]) => kind === "P").map(([, task]) => task)));
  const readBy = (run, queue) => run.pictures.some(([, , changes]) => changes.some(([kind, one]) => kind === "T" && one === queue));
  const words = (run, state) => run.queues.map(([label], number) => {
    const queue = state.queues[number];
    return `${label}: ${queue.items.length} wait, ${queue.handled} handled, ${queue.lost.length} lost`;
  }).join("; ");

  // Lets each chip glide from where it was to where it is.
  function move(view, places, radius, origin) {
    for (const [key, chip] of view.chips)
      if (!places.has(key)) { chip.remove(); view.chips.delete(key); }
    for (const [key, { message, x, y, kind }] of places) {
      let chip = view.chips.get(key);
      if (!chip) {
        chip = make(view.svg, "g", { class: "chip" });
        make(chip, "circle", { r: radius });
        make(chip, "text", { y: 4 }, message + 1);
        make(chip, "title", {}, "");
        const [fromX, fromY] = origin(message);
        chip.style.transform = `translate(${fromX}px,${fromY}px)`;
        view.chips.set(key, chip);
        if (!still) chip.getBoundingClientRect(); // so that it starts from there
      }
      chip.setAttribute("class", `chip ${kind}`);
      chip.style.transform = `translate(${x}px,${y}px)`;
    }
  }

  // The event loop: who runs, who is ready, who waits, who is done.
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

  // A ring: slots that are used again and again, a cursor per subscriber, and who holds the gate.
  function drawRing(view, run, state) {
    const width = view.host.clientWidth || 600, slots = run.queues[0]?.[1] ?? 1;
    const size = Math.min(width, 400), cx = width / 2, cy = size / 2, narrow = width < 480;
    const radius = size / 2 - 66, R = Math.max(8, Math.min(narrow ? 17 : 22, (radius * 2.4) / slots));
    view.svg ??= make(view.host, "svg", { role: "img" });
    view.svg.setAttribute("viewBox", `0 0 ${width} ${size}`);
    view.svg.setAttribute("height", size);
    view.svg.setAttribute("aria-label", `A ring of ${slots}: ${words(run, state)}`);
    view.back?.remove();
    const back = (view.back = view.svg.insertBefore(document.createElementNS(SVG, "g"), view.svg.firstChild));
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
    make(back, "rect", { class: `box ${waiting.length ? "waits" : said ? "runs" : ""}`, x: cx - 40, y: cy - 19, width: 80, height: 38, rx: 6 });
    make(back, "text", { x: cx, y: cy - (said ? 2 : -4), "text-anchor": "middle", class: "bold" }, cut(run.tasks[task] ?? "", 10));
    make(back, "text", { x: cx, y: cy + 13, "text-anchor": "middle", class: waiting.length ? "wait" : "quiet" }, said);
    const taken = new Map();
    run.queues.forEach(([label], number) => {
      const queue = state.queues[number], behind = queue.items.length, gate = behind >= slots;
      if (!queue.here) return;
      const index = head - behind + slots, level = taken.get(index % slots) ?? 0;
      taken.set(index % slots, level + 1);
      const [x, y] = at(index, radius + R + 11), [lx, ly] = at(index, radius + R + 20);
      if (!level) make(back, "circle", { cx: x, cy: y, r: 5, fill: gate ? "var(--wait)" : "var(--message)" });
      const anchor = lx > cx ? "start" : "end", y0 = ly + (ly < cy ? -12 : 4) + (ly < cy ? -1 : 1) * level * 34;
      const text = make(back, "text", { x: lx, y: y0, "text-anchor": anchor, class: gate ? "wait" : "bold" }, cut(label, 11));
      make(text, "tspan", { class: "quiet", x: lx, dy: 16 }, `${behind} behind`);
      const below = narrow ? { x: lx, dy: 16 } : {};
      if (queue.lost.length) make(text, "tspan", { class: "lost", ...below }, `${narrow ? "" : ", "}lost ${queue.lost.length}`);
    });
    move(view, places, R, () => [cx, cy]);
  }

  const VIEWS = { messages: drawMessages, loop: drawLoop, ring: drawRing };
  let drawnAt = 0;
  new ResizeObserver(() => {
    if (film.clientWidth && film.clientWidth !== drawnAt) { drawnAt = film.clientWidth; draw(); }
  }).observe(film);
  if (line.length) draw();
})();
