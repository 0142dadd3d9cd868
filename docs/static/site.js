// Guesses, the glossary's explanations, and the film of the first page. Nothing is stored or sent.
document.documentElement.classList.add("js");

// A guess opens what was folded because of it.
const guessed = new Set();

function near(guess, number, within) {
  return Math.abs(guess - number) <= Math.max(1e-9, Math.max(within, 1e-6) * Math.max(Math.abs(guess), Math.abs(number)));
}

function isRight(guess, { right, within }) {
  if (!Array.isArray(right)) return typeof right === "string" ? guess === right : near(guess, right, within);
  return (right[0] <= guess && guess <= right[1]) || right.some((end) => near(guess, end, within));
}

function replyTo(guess, answer) {
  if (isRight(guess, answer)) return "That is right.";
  const fits = answer.replies.filter(([likely]) =>
    typeof likely === "string" ? likely === guess : near(guess, Number(likely), answer.within));
  return fits.length ? fits[0][1] : "That is not what was found.";
}

function numberIn(text, unit) {
  const written = text.trim().replace(new RegExp(`${unit.replace(/\W/g, "\\$&")}$`), "").trim();
  const plain = /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(written) ? written.replaceAll(",", "") : written.replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}

function take(form, guess, shown) {
  const answer = JSON.parse(form.dataset.answer);
  const note = form.querySelector(".guess-note");
  note.textContent = `Your guess: ${shown}. ${replyTo(guess, answer)}\nWhat the cells below have found is unfolded now.`;
  note.innerHTML = note.innerHTML.replace(/`([^`]+)`/g, "<code>$1</code>");
  guessed.add(form.dataset.prediction);
  for (const cell of document.querySelectorAll("div.cell[class*='tag_waits-for-']")) {
    const waitsFor = [...cell.classList].filter((name) => name.startsWith("tag_waits-for-"));
    if (waitsFor.every((name) => guessed.has(name.slice("tag_waits-for-".length))))
      for (const fold of cell.querySelectorAll("details")) fold.open = true;
  }
}

for (const form of document.querySelectorAll("form.guess")) {
  const buttons = [...form.querySelectorAll(".choices button")];
  for (const button of buttons) button.onclick = () => {
    for (const other of buttons) other.setAttribute("aria-pressed", other === button);
    take(form, button.value, button.textContent);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const { unit } = JSON.parse(form.dataset.answer);
    const text = form.querySelector("input").value, number = numberIn(text, unit);
    if (Number.isNaN(number)) form.querySelector(".guess-note").textContent = `“${text}” is no number. Enter one such as 2 or 0.5.`;
    else take(form, number, `${number} ${unit}`.trim());
  };
}

// What has just been unfolded may have to be scrolled; the theme looks for that at a resize only, and
// then lets the keyboard reach it.
document.addEventListener("toggle", () => dispatchEvent(new Event("resize")), true);

// A term is explained to whoever points at it or focuses it; Escape closes that.
const explanation = document.createElement("div");
explanation.className = "explanation";
explanation.id = "explanation";
explanation.role = "tooltip";
explanation.hidden = true;
document.body.append(explanation);

function explain(link) {
  explanation.textContent = link.dataset.explained;
  explanation.hidden = false;
  const at = link.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - explanation.offsetWidth - 8));
  explanation.style.left = `${left + scrollX}px`;
  explanation.style.top = `${at.bottom + scrollY + 6}px`;
  link.setAttribute("aria-describedby", "explanation");
}
function hide(link) {
  explanation.hidden = true;
  link?.removeAttribute("aria-describedby");
}
for (const link of document.querySelectorAll("a[data-explained]")) {
  link.onmouseenter = link.onfocus = () => explain(link);
  link.onmouseleave = link.onblur = () => hide(link);
}
addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide(document.querySelector("[aria-describedby='explanation']"));
});

// The film of the first page plays when it comes into view, unless the reader wants no motion.
const opening = document.querySelector("#opening-film .film");
if (opening && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    opening.querySelector("button.play")?.click();
  }, { threshold: 0.5 });
  seen.observe(opening);
}
