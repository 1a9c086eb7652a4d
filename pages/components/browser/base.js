// Small things that every component needs. Text of posts reaches the page through textContent alone.

/** A new element with a class, a text and attributes. */
function make(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Tells CSS whether the surface is dark, so that light-dark() and the browser's own controls follow the theme. */
function followTheme(root) {
  const channels = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
  const probe = make("canvas").getContext("2d");
  probe.fillStyle = channels || "#fff";
  const [red, green, blue] = probe.fillStyle.match(/\w\w/g).map((part) => parseInt(part, 16));
  root.style.colorScheme = 0.3 * red + 0.59 * green + 0.11 * blue < 128 ? "dark" : "light";
}

/** Whether a key goes with Alt, Ctrl or Meta: then it is the page's, which has Alt+Up and Alt+Down, or the browser's. */
const isForThePage = (event) => event.altKey || event.ctrlKey || event.metaKey;

/** Keeps bare keys from Streamlit, which listens to letters. */
function keepBareKeys(root) {
  root.onkeydown = (event) => { if (!isForThePage(event)) event.stopPropagation(); };
}

/** Gives an element the two colours of its label. */
function paint(element, colour) {
  element.style.setProperty("--fill", colour.fill);
  element.style.setProperty("--ink", colour.ink);
}

/** "93%", "7.2%", "<0.1%": a share as people write it. */
function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "<0.1%";
  return `${value < 10 && value > 0 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0)}%`;
}
