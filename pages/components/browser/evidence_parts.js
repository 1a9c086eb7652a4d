// The things on which evidence is drawn: boxes and regions on the picture, chips for words, a strip of neighbours.

/** One element for each item of an axis, put where such items live. */
function buildParts(axis, items, colours, homes) {
  const build = { region: regionPart, object: objectPart, neighbour: neighbourPart }[axis] ?? chipPart;
  const home = { region: homes.overlay, object: homes.overlay, neighbour: homes.strip }[axis] ?? homes.chips;
  const parts = items.map((item, index) => build(item, index, colours));
  home.append(...parts);
  return parts;
}

function boxed(className, { box }) {
  const element = make("div", className);
  const [left, top, right, bottom] = box.map((share) => `${100 * share}%`);
  Object.assign(element.style, { left, top, width: `calc(${right} - ${left})`, height: `calc(${bottom} - ${top})` });
  return element;
}

function regionPart(item) {
  const element = boxed("region", item);
  element.append(make("span", "number"));
  element.setAttribute("aria-label", item.text);
  return element;
}

function objectPart(item) {
  const element = boxed("object", item);
  const [left, top, right, bottom] = item.box;
  const area = (right - left) * (bottom - top);
  element.style.zIndex = Math.round(100 * (1 - area)); // a small thing is never hidden by the large one around it
  element.classList.toggle("whole", area > 0.9);
  const name = make("span", "name", item.text, { dir: "auto" });
  name.append(make("span", "number"));
  element.append(name);
  element.setAttribute("aria-label", item.text);
  return element;
}

function chipPart(item, index, colours) {
  const chip = make("button", "chip", "", { type: "button" });
  const what = make("span", "what", item.text.slice(0, 200), { dir: "auto", title: item.text.slice(0, 500) });
  chip.append(what);
  if (item.label) {
    chip.classList.add("entity");
    paint(chip, colours[item.label] ?? NO_COLOUR);
    what.append(make("span", "label", item.label, { dir: "ltr" }));
  }
  chip.append(make("span", "value"));
  return chip;
}

function neighbourPart(item) {
  const card = make("button", "neighbour", "", { type: "button" });
  const thumb = make("span", "thumb", item.picture ? "" : "no picture");
  if (item.picture) thumb.append(make("img", "", "", { src: item.picture, alt: "" }));
  const score = item.score == null ? "" : `similarity ${item.score.toFixed(2)}`;
  card.append(thumb, make("span", "value", score), make("span", "what", item.text, { dir: "auto" }));
  return card;
}

/** How many times its even share a region needs for a number of its own: 49 numbers that say the same hide the picture. */
const GATHERS = 1.5;

/** Paints values on parts, or takes them off again (null). */
function showValues(parts, values, kind) {
  const shares = values && weights(values, kind);
  const tops = values && kind === "attention" ? new Set(strongest(values, 1)) : new Set();
  parts.forEach((part, index) => {
    part.style.setProperty("--weight", shares ? shares[index].toFixed(3) : 0);
    part.classList.toggle("top", tops.has(index));
    const number = part.querySelector(".number, :scope > .value");
    if (!number) return;
    number.dataset.rest ??= number.textContent;
    const gathers = values && (tops.has(index) || values[index] * parts.length >= GATHERS);
    number.textContent = values ? inPart(part, values[index], kind, number.dataset.rest, gathers) : number.dataset.rest;
  });
}

function inPart(part, value, kind, rest, gathers) {
  const text = written(value, kind);
  if (part.classList.contains("region") && kind === "attention") return gathers ? `${Math.round(100 * value)}%` : "";
  if (part.classList.contains("object")) return ` · ${text}`;
  return rest ? `${text} · ${rest}` : text;
}

/** One tab stop for a group, arrow keys inside it; hovering or focusing shows, clicking pins. */
function makePickable(parts, show, pin, rest) {
  parts.forEach((part, index) => {
    part.classList.add("pickable");
    if (part.tagName !== "BUTTON") part.setAttribute("role", "button");
    part.tabIndex = index === 0 ? 0 : -1;
    part.onmouseenter = () => show(index);
    part.onmouseleave = rest;
    part.onfocus = () => show(index);
    part.onblur = rest;
    part.onclick = () => pin(index);
    part.onkeydown = (event) => onPartKey(event, parts, index, pin);
  });
}

function onPartKey(event, parts, index, pin) {
  if (isForThePage(event)) return;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step) {
    const next = parts[Math.max(0, Math.min(parts.length - 1, index + step))];
    parts.forEach((part) => { part.tabIndex = part === next ? 0 : -1; });
    next.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    pin(index);
  } else {
    return;
  }
  event.preventDefault();
}

/** As large as it is, but between 360 and 640 pixels high, and never wider than its column. */
function fitPicture(stage, image) {
  const height = Math.max(360, Math.min(640, image.naturalHeight));
  stage.style.setProperty("--picture", `${Math.round((height * image.naturalWidth) / image.naturalHeight)}px`);
}

/** The picture, or a sentence where there is none; `view` has the elements by their classes. */
function showPicture(view, { picture, missing, alt }) {
  view.frame.hidden = !picture;
  view.missing.hidden = Boolean(picture);
  view.missing.textContent = missing;
  const image = view.frame.querySelector("img");
  image.onload = () => fitPicture(view.stage, image);
  if (picture && image.getAttribute("src") !== picture) image.src = picture;
  image.alt = alt;
}

function chooser(name, options, selected, change) {
  const label = make("label", "", name);
  const select = make("select");
  options.forEach((option, index) => select.append(make("option", "", option, { value: index })));
  select.value = selected;
  select.onchange = () => change(Number(select.value));
  label.append(select);
  return label;
}

function barOf() {
  const bar = make("span", "bar");
  bar.append(make("i"));
  return bar;
}
