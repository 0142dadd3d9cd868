// The operator's page: asks every second who is here, and how far behind.

import { byId, holdsStill, say } from "./shared.js";

const EVERY_MS = 1000;
const number = new Intl.NumberFormat("en");
const still = holdsStill();

async function asked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer;
}

// The same text that a monitoring system reads: a name, perhaps labels, and a number a line.
function metric(text, name) {
  const line = new RegExp(`^price_board_${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text);
  return line ? Number(line[1]) : 0;
}

async function look() {
  try {
    // One after the other, on one connection: so all three are of the same worker.
    const health = await (await asked("health")).json();
    const visitors = await (await asked("operator/visitors")).json();
    const metrics = await (await asked("metrics")).text();
    say("live");
    if (!still()) show(visitors, health, metrics);
  } catch {
    say("reconnecting");
  }
  setTimeout(look, EVERY_MS);
}

function show(visitors, { worker }, metrics) {
  const limit = metric(metrics, "lag_limit");
  const write = (id, value) => { byId(id).textContent = number.format(value); };
  byId("pid").textContent = worker;
  write("visitors", visitors.length);
  write("lag", Math.max(0, ...visitors.map(({ lag }) => lag)));
  write("limit", limit);
  write("cut-off", metric(metrics, "cut_off_total"));
  write("dropped", metric(metrics, "dropped_total"));
  byId("empty").hidden = visitors.length > 0;
  document.querySelector(".scrolls").hidden = visitors.length === 0;
  visitors.sort((one, other) => other.lag - one.lag || other.connected_s - one.connected_s);
  document.querySelector("tbody").replaceChildren(...visitors.map((one) => row(one, limit)));
}

function row({ visitor, address, lag, dropped, connected_s }, limit) {
  const cells = document.createElement("tr");
  cells.innerHTML = '<th scope="row"></th><td><meter min="0"></meter> <span></span></td>' +
    '<td></td><td></td><td class="wide"></td>';
  const [name, waits, lost, here, where] = cells.cells;
  name.textContent = visitor;
  const meter = waits.querySelector("meter");
  meter.max = limit;
  meter.low = meter.high = limit / 2;
  meter.optimum = 0;
  meter.value = lag;
  meter.ariaLabel = `${lag} of ${limit}`;
  waits.querySelector("span").textContent = number.format(lag);
  lost.textContent = number.format(dropped);
  here.textContent = `${number.format(Math.floor(connected_s))} s`;
  where.textContent = address;
  return cells;
}

look();
