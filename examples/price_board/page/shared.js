// What both pages have: elements by their name, the badge, and the button that holds still.

export const byId = (id) => document.getElementById(id);

export function say(state) {
  const badge = byId("connection");
  if (badge.dataset.state !== state) badge.dataset.state = badge.textContent = state;
}

// Returns a function that says whether the page is to hold still.
export function holdsStill(whenReleased = () => {}) {
  let still = false;
  byId("still").addEventListener("click", () => {
    still = !still;
    byId("still").setAttribute("aria-pressed", still);
    if (!still) whenReleased();
  });
  return () => still;
}
