// The visitor's page: shows what the stream says, and comes back when it ends.

import { byId, holdsStill, say } from "./shared.js";

const KEPT = 40; // prices of a symbol, for its line
const AGAIN_MS = 2000; // after an answer that is no stream, for which EventSource gives up
const rows = new Map(); // symbol: {row, prices}
// By this name the board knows who is back, and can say why the last stream ended.
const visitor = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
  byte.toString(16).padStart(2, "0")).join("");
const moved = new Set(); // symbols that are to be drawn
let read = 0;
let behindMs = 0;
const still = holdsStill(() => [...rows.keys()].forEach(draw));

function connect() {
  const stream = new EventSource(`prices?visitor=${visitor}`);
  const on = (kind, handle) =>
    stream.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  stream.onopen = () => say("live");
  stream.onerror = () => {
    say("reconnecting");
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
  };
  on("price", show);
  on("lag", ({ lag, dropped }) => {
    byId("lag").textContent = lag;
    byId("dropped").textContent = dropped;
  });
  on("gap", ({ missed }) => note(missed === null
    ? "You are back. What changed meanwhile is not known; these are the last prices."
    : `You are back, and missed ${missed} changes that the board no longer remembers.`));
  on("bye", (farewell) => note(whyItEnded(farewell)));
  on("cut-off", (farewell) => note(`${whyItEnded(farewell)} It could not be said then.`));
}

function whyItEnded({ reason, lag, dropped }) {
  if (reason === "shutdown") return "The board is being shut down. You come back as soon as it is there.";
  return `You were cut off: ${lag} changes waited for you, which is as many as an inbox holds, ` +
    `and ${dropped} more found no room.`;
}

function note(text) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  item.append(time, ` ${text}`);
  byId("log").prepend(item);
  byId("events").hidden = false;
}

function show({ symbol, price, sent }) {
  read += 1;
  const { prices } = rows.get(symbol) ?? added(symbol);
  prices.push(price);
  if (prices.length > KEPT) prices.shift();
  behindMs = Math.max(0, Date.now() - sent * 1000);
  // Once a picture, however much comes in: who draws each change is soon too slow a visitor.
  if (!moved.size) requestAnimationFrame(drawAll);
  moved.add(symbol);
}

function drawAll() {
  if (!still()) {
    byId("read").textContent = read.toLocaleString("en");
    byId("behind").textContent = behindMs.toFixed(0);
    moved.forEach(draw);
  }
  moved.clear();
}

function draw(symbol) {
  const { row, prices } = rows.get(symbol);
  const [, price, moved, line] = row.cells;
  const last = prices.at(-1);
  const step = last - (prices.at(-2) ?? last);
  price.textContent = last.toFixed(2);
  moved.textContent = step === 0 ? "0.00" : `${step > 0 ? "▲ +" : "▼ −"}${Math.abs(step).toFixed(2)}`;
  row.dataset.moved = step > 0 ? "up" : step < 0 ? "down" : "";
  row.classList.remove("new");
  void row.offsetWidth; // lets the animation begin anew
  row.classList.add("new");
  line.querySelector("polyline").setAttribute("points", points(prices));
}

function points(prices) {
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low || 1;
  const right = (index) => 119 - (prices.length - 1 - index) * 118 / (KEPT - 1);
  return prices.map((price, index) =>
    `${right(index).toFixed(1)},${(22 - (price - low) / span * 20).toFixed(1)}`).join(" ");
}

function added(symbol) {
  const body = byId("board").tBodies[0];
  const before = [...body.rows].findIndex((row) => row.dataset.symbol > symbol);
  const row = body.insertRow(before);
  row.dataset.symbol = symbol;
  row.innerHTML = '<th scope="row"></th><td></td><td></td><td class="wide">' +
    '<svg viewBox="0 0 120 24" aria-hidden="true"><polyline></polyline></svg></td>';
  row.cells[0].textContent = symbol;
  byId("board").hidden = false;
  byId("empty").hidden = true;
  rows.set(symbol, { row, prices: [] });
  return rows.get(symbol);
}

byId("post").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { symbol, price } = Object.fromEntries(new FormData(event.target));
  const said = byId("posted");
  try {
    const answer = await fetch("prices", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ symbol, price: Number(price) }),
    });
    if (!answer.ok) said.textContent = await answer.text();
    else {
      const { delivered, missed } = await answer.json();
      said.textContent = delivered === null
        ? "Published, to the visitors of all workers."
        : `Published: ${delivered} visitors of this worker have it, ${missed} missed one for it.`;
    }
  } catch {
    said.textContent = "The board did not answer. Try again when you are connected.";
  }
});

connect();
