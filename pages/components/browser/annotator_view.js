// What the annotator shows: label bar, actions, marks with handles, preview, one status line. It changes no mark.

const PREVIEW = "mner-preview";

const ACTIONS = [
  ["undo", "Undo", "Ctrl Z"],
  ["redo", "Redo", "Ctrl Y"],
  ["remove", "Delete", "Del"],
  ["alike", "Label all", "L"],
  ["accept", "Accept", "A"],
  ["acceptAll", "Accept all", "⇧A"],
  ["restart", "Start over", ""],
];

const HELP = [
  ["drag", "mark words; with Alt, single characters; a double click marks one word"],
  ["1 2 3 …", "choose the type, or change that of the chosen mark"],
  ["Tab", "next mark or prediction"],
  ["← →", "walk through the words; with Shift, choose several"],
  ["Enter", "mark the chosen words, accept the chosen prediction"],
  ["Shift ← →", "move the end of the chosen mark; with Ctrl, its start; with Alt, by characters"],
  ["Ctrl Enter", "save"],
];

class AnnotatorView {
  constructor(root) {
    this.root = root;
    for (const name of ["labels", "text", "notice", "actions", "status"]) this[name] = root.querySelector(`.${name}`);
    this.save = root.querySelector("[data-act=save]");
    if (!this.actions.children.length) this.buildOnce();
  }

  buildOnce() {
    for (const [act, name, key] of ACTIONS) this.actions.append(button(name, key, { "data-act": act }));
    const list = this.root.querySelector(".help dl");
    for (const [keys, meaning] of HELP) list.append(make("dt", "", keys), make("dd", "", meaning));
  }

  drawLabels({ labels, keys, about, colours }, active) {
    const shown = JSON.stringify([labels, keys, about, colours]);
    if (this.labels.dataset.shown !== shown) {
      this.labels.dataset.shown = shown;
      this.labels.replaceChildren(...labels.map((label, place) => labelButton(label, keys[place], about[place], colours[label])));
      for (const each of this.actions.querySelectorAll("kbd")) each.hidden = keys.includes(each.textContent.replace("⇧", "").toLowerCase());
    }
    for (const each of this.labels.children) each.setAttribute("aria-pressed", each.dataset.label === active);
  }

  drawActions(state) {
    for (const each of this.actions.children) {
      each.disabled = !state.can[each.dataset.act];
      each.hidden = (each.dataset.act.startsWith("accept") && !state.hasGuesses) || (each.dataset.act === "restart" && each.disabled);
    }
    if (this.save.firstChild?.textContent !== state.saveLabel) {
      this.save.replaceChildren(document.createTextNode(state.saveLabel), make("kbd", "", "Ctrl Enter"));
    }
    this.save.disabled = state.saving;
  }

  drawText(text, marks, guesses, colours, focus) {
    const { scrollTop } = this.text;
    this.pieces = drawText(this.text, text, marks, guesses, colours);
    const [kind, place] = focus.mark ? ["mark", marks.indexOf(focus.mark)] : ["guess", guesses.indexOf(focus.guess)];
    const chosen = [...this.text.querySelectorAll(`[data-${kind}="${place}"]`)];
    for (const each of chosen) each.classList.add("chosen");
    const pieces = chosen.filter((each) => each.classList.contains("piece"));
    this.text.removeAttribute("aria-activedescendant");
    if (pieces.length) {
      pieces[0].id = "chosen";
      this.text.setAttribute("aria-activedescendant", "chosen");
    }
    if (focus.mark && pieces.length) {
      pieces[0].before(handle("start", colours[focus.mark.label] ?? NO_COLOUR));
      pieces.at(-1).after(handle("end", colours[focus.mark.label] ?? NO_COLOUR));
    }
    this.text.scrollTop = scrollTop;
  }

  /** Brings the chosen mark or word into sight after a key. */
  reveal() {
    const range = this.previewed?.startContainer.parentElement;
    (this.text.querySelector(".chosen") ?? range)?.scrollIntoView({ block: "nearest" });
  }

  /** Shows which characters would be taken; null shows none. */
  preview(place) {
    if (!globalThis.CSS?.highlights) return;
    CSS.highlights.delete(PREVIEW);
    this.previewed = null;
    if (!place) return;
    const range = document.createRange();
    range.setStart(...this.point(place.start));
    range.setEnd(...this.point(place.end));
    this.previewed = range;
    CSS.highlights.set(PREVIEW, new Highlight(range));
  }

  /** [text node, offset] of a unit of the text. */
  point(unit) {
    let [low, high] = [0, this.pieces.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.pieces[middle].at <= unit) low = middle;
      else high = middle - 1;
    }
    const { at, node } = this.pieces[low];
    return [node, Math.min(unit - at, node.length)];
  }

  /** The unit of the text under a point of the screen, null beside the text. */
  unitAt(x, y) {
    const caret = this.caretAt(x, y);
    if (!caret) return null;
    const [node, offset] = caret;
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const piece = element.closest(".piece");
    if (piece) return Number(piece.dataset.at) + (node === element ? (offset ? piece.textContent.length : 0) : offset);
    const before = element === this.text ? this.text.childNodes[offset - 1] : element;
    return this.unitBefore(before);
  }

  /** [node, offset] of the text under a point, by whichever way this browser has; null where there is no text. */
  caretAt(x, y) {
    const position = document.caretPositionFromPoint?.(x, y, { shadowRoots: [this.root.getRootNode()] });
    if (position && this.text.contains(position.offsetNode)) return [position.offsetNode, position.offset];
    const range = document.caretRangeFromPoint?.(x, y);
    if (range && this.text.contains(range.startContainer)) return [range.startContainer, range.startOffset];
    return this.measuredCaret(x, y);
  }

  /** The same by measuring characters, for browsers whose own ways do not look into a shadow tree. */
  measuredCaret(x, y) {
    const range = document.createRange();
    for (const { node } of this.pieces) {
      for (let offset = 0; offset < node.length; offset++) {
        range.setStart(node, offset);
        range.setEnd(node, offset + 1);
        const box = [...range.getClientRects()].find(({ left, right, top, bottom }) => left <= x && x <= right && top <= y && y <= bottom);
        if (box) return [node, x > (box.left + box.right) / 2 ? offset + 1 : offset];
      }
    }
    return null;
  }

  unitBefore(node) {
    let piece = node;
    while (piece && !piece.classList?.contains("piece")) piece = piece.previousSibling;
    return piece ? Number(piece.dataset.at) + piece.textContent.length : 0;
  }
}

function button(name, key, attributes) {
  const element = make("button", "", name, { type: "button", ...attributes });
  if (key) element.append(" ", make("kbd", "", key));
  return element;
}

function labelButton(label, key, about, colour) {
  const element = make("button", "", "", { type: "button", "data-label": label, ...(about && { title: about }) });
  paint(element, colour ?? NO_COLOUR);
  element.append(make("span", "swatch"), make("span", "", label));
  if (key) element.append(make("kbd", "", key.toUpperCase()));
  return element;
}

function handle(edge, colour) {
  const element = make("span", "handle", "", { "data-edge": edge, "aria-hidden": "true" });
  paint(element, colour);
  return element;
}
