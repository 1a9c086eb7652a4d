// The attributions of one entity: every unit painted by what it adds to the entity's log-probability, or takes from it.

const MOST = 8;
const KINDS = ["words", "regions", "objects"];
const SHEETS = new WeakMap(); // parentElement -> Sheet: what is chosen outlives every rerun

class Sheet {
  constructor(root) {
    this.root = root;
    this.painted = "score";
    keepBareKeys(root);
    for (const name of ["chips", "choosers", "stage", "figure", "frame", "overlay", "missing", "reading", "ranking", "caveat"]) {
      this[name] = root.querySelector(`.${name}`);
    }
  }

  take(data) {
    this.data = data;
    this.figure.hidden = !data.picture && !data.missing;
    this.stage.classList.toggle("alone", this.figure.hidden);
    showPicture(this, data);
    this.draw();
  }

  get onPicture() { return [...this.data.regions, ...this.data.objects]; }

  draw() {
    for (const home of [this.chips, this.overlay, this.ranking, this.reading]) home.replaceChildren();
    const { words, regions, objects } = this.data;
    const top = strongestScore(words);
    this.chips.append(...words.map((word) => wordPart(word, word.score / top)));
    this.drawChooser();
    this.paintPicture(regions, objects);
    this.rank();
    const strongest = strongestScore(this.onPicture);
    const scale = this.data.picture && this.onPicture.length ? ` the strongest region or object ±${strongest.toFixed(2)},` : "";
    this.caveat.textContent = `Blue adds to the log-probability, orange (dashed) takes from it. The strongest word counts ±${top.toFixed(2)},${scale} each painted in full.`;
  }

  /** Attribution or attention on the picture, where the model's attention speaks of it. */
  drawChooser() {
    this.choosers.replaceChildren();
    const isThere = this.data.picture && this.onPicture.some((each) => each.attention !== null);
    if (!isThere) { this.painted = "score"; return; }
    const ways = ["score", "attention"];
    const change = (index) => { this.painted = ways[index]; this.draw(); };
    this.choosers.append(chooser("On the picture", ["attribution", "attention"], ways.indexOf(this.painted), change));
  }

  paintPicture(regions, objects) {
    if (!this.data.picture) return;
    const values = [...regions, ...objects].map((each) => each[this.painted]).filter((value) => value !== null);
    const top = Math.max(...values.map(Math.abs), 1e-12);
    const isAttention = this.painted === "attention";
    for (const [items, build] of [[regions, regionPart], [objects, objectPart]]) {
      for (const item of items) {
        const part = build(item);
        const value = item[this.painted];
        paintSigned(part, value === null ? 0 : value / top, isAttention);
        const number = part.querySelector(".number");
        const text = value === null ? "" : isAttention ? percent(value) : signed(value);
        if (build === objectPart) number.textContent = text && ` · ${text}`;
        else if (value !== null && Math.abs(value) > top / 2) number.textContent = text;
        part.setAttribute("aria-label", `${item.text}: ${text}`);
        part.title = `${item.text}: ${text}`;
        this.overlay.append(part);
      }
    }
  }

  rank() {
    const units = KINDS.flatMap((kind) => this.data[kind].map((unit) => ({ ...unit, kind: kind.slice(0, -1) })));
    const first = units.sort((one, other) => Math.abs(other.score) - Math.abs(one.score)).slice(0, MOST);
    const top = strongestScore(first);
    this.reading.append(make("bdi", "", "What counts most"));
    this.ranking.append(...first.map((unit) => {
      const line = make("li");
      const bar = barOf();
      paintSigned(bar, unit.score / top);
      const what = make("span", "what", "", { dir: "auto", title: unit.text.slice(0, 500) });
      what.append(make("span", "unit", unit.kind), ` ${unit.text}`);
      line.append(what, make("span", "value", signed(unit.score)), bar);
      return line;
    }));
  }
}

function wordPart(word, share) {
  const chip = make("span", "chip", "", { role: "listitem" });
  chip.classList.toggle("inside", word.inside);
  chip.append(make("span", "what", word.text.slice(0, 200), { dir: "auto", title: word.text.slice(0, 500) }));
  chip.append(make("span", "value", signed(word.score)));
  paintSigned(chip, share);
  return chip;
}

/** Paints a share in -1..1: how strongly, and which way. What is attention has a colour of its own, and no sign. */
function paintSigned(part, share, isAttention = false) {
  part.style.setProperty("--weight", Math.min(1, Math.abs(share)).toFixed(3));
  part.classList.toggle("against", share < 0);
  part.classList.toggle("for", share >= 0 && !isAttention);
}

/** "+0.42", "−1.30", "0.00": never a minus before a zero. */
function signed(value) {
  const size = Math.abs(value).toFixed(2);
  return Number(size) === 0 ? size : `${value > 0 ? "+" : "−"}${size}`;
}

function strongestScore(units) {
  return Math.max(...units.map((each) => Math.abs(each.score)), 1e-12);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  followTheme(root);
  if (!SHEETS.has(parentElement)) SHEETS.set(parentElement, new Sheet(root));
  SHEETS.get(parentElement).take(data);
}
