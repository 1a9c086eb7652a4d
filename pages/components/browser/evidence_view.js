// The evidence view: which array is shown, what is pinned or pointed at, and what that says in words.

const BOARDS = new WeakMap(); // parentElement -> Board: choices outlive every rerun
const RANKED = 6;

class Board {
  constructor(root) {
    this.root = root;
    for (const name of ["choosers", "stage", "figure", "frame", "overlay", "missing", "reading", "ranking", "chips", "strip", "caveat"]) {
      this[name] = root.querySelector(`.${name}`);
    }
    keepBareKeys(root);
  }

  take(data) {
    if (data.id !== this.data?.id) {
      this.evidence = data.evidence.map((each) => ({ ...each, values: unpack(each.values) }));
      this.pinned = {};
      this.choice = this.evidence.map(firstChoice);
      const pictured = this.evidence.findIndex((each) => each.axes.includes("region") || each.axes.includes("object"));
      this.shown = Math.max(0, pictured);
    }
    this.data = data;
    showPicture(this, data);
    this.draw();
  }

  get current() { return this.evidence[this.shown]; }

  /** What is to be kept in mind of attention, below attention alone, and the way to what says more. */
  drawCaveat() {
    const isAttention = this.current?.kind === "attention";
    this.caveat.replaceChildren(document.createTextNode(isAttention ? this.data.caveat : ""));
    if (this.data.link) this.caveat.append(" ", make("a", "", this.data.link[0], { href: this.data.link[1], target: "_self" }));
  }

  draw() {
    this.drawing = null; // parts that are taken away still lose focus: they must not speak for the new ones
    for (const home of [this.overlay, this.chips, this.strip, this.ranking, this.reading]) home.replaceChildren();
    this.drawChoosers();
    this.drawCaveat();
    this.parts = {};
    this.objectBoxes = null;
    const evidence = this.current;
    if (!evidence) {
      this.reading.append(make("span", "quiet", this.data.empty));
      this.drawObjects();
      return;
    }
    this.plan = planOf(evidence.axes);
    this.table = slice(evidence, this.plan, this.choice[this.shown]);
    const homes = { overlay: this.overlay, chips: this.chips, strip: this.strip };
    this.plan.drawn.forEach((place, order) => {
      const axis = evidence.axes[place];
      const isColumnList = order === this.plan.drawn.length - 1 && (axis === "attribute" || axis === "knowledge");
      if (!isColumnList) this.parts[axis] ??= buildParts(axis, evidence.items[place], this.data.colours, homes);
    });
    if (!this.parts.object && !this.parts.region) this.drawObjects();
    this.plan.drawn.length === 2 ? this.letPick() : this.showVector();
  }

  /** The detected objects, where the evidence speaks of nothing on the picture. */
  drawObjects() {
    buildParts("object", this.data.objects, this.data.colours, { overlay: this.overlay });
  }

  drawChoosers() {
    this.choosers.replaceChildren();
    if (this.evidence.length > 1) {
      const names = this.evidence.map((each) => each.name);
      this.choosers.append(chooser("Evidence", names, this.shown, (index) => { this.shown = index; this.draw(); }));
    } else if (this.current) {
      this.choosers.append(make("label", "", this.current.name));
    }
    if (!this.current) return;
    const { axes, items, reduced } = this.current;
    const choice = this.choice[this.shown];
    for (const place of planOf(axes).chosen) {
      const names = items[place].map((item) => item.text);
      const withMean = DEPTH.includes(axes[place]) && names.length > 1 ? ["mean of all", ...names] : names;
      const shift = withMean.length - names.length;
      const selected = choice[place] === null ? 0 : choice[place] + shift;
      const change = (index) => { choice[place] = index < shift ? null : index - shift; this.draw(); };
      this.choosers.append(chooser(capital(axes[place]), withMean, selected, change));
    }
    if (reduced) this.choosers.append(make("label", "", `(${reduced})`));
  }

  letPick() {
    const [rowAxis, columnAxis] = this.plan.drawn.map((place) => this.current.axes[place]);
    const drawing = {};
    this.drawing = drawing;
    const show = (axis, index) => { if (this.drawing === drawing) this.showPick(axis, index); };
    const rest = () => show(this.pinned.axis, this.pinned.index);
    const pin = (axis, index) => {
      this.pinned = { axis, index, array: this.shown };
      rest();
    };
    for (const axis of new Set([columnAxis, rowAxis])) {
      if (this.parts[axis]) makePickable(this.parts[axis], (index) => show(axis, index), (index) => pin(axis, index), rest);
    }
    // A word stays chosen from array to array; what was chosen among the columns of one array says nothing in another.
    const { axis, index, array } = this.pinned;
    const stays = axis === rowAxis ? index < this.table.length : axis === columnAxis && array === this.shown;
    if (stays) rest();
    else pin(rowAxis, clearestRow(this.table));
  }

  /** One row (or, pointed at from the other side, one column) of the table. */
  showPick(axis, index) {
    const [rowPlace, columnPlace] = this.plan.drawn;
    const { axes, items, kind } = this.current;
    const byRow = axis === axes[rowPlace];
    const values = byRow ? this.table[index] : this.table.map((row) => row[index]);
    const [from, to] = byRow ? [rowPlace, columnPlace] : [columnPlace, rowPlace];
    for (const [name, parts] of Object.entries(this.parts)) {
      showValues(parts, name === axes[to] ? values : null, kind);
      parts.forEach((part, place) => part.classList.toggle("picked", name === axes[from] && place === index));
    }
    this.say(items[from][index], axes[to], values, byRow);
    this.rank(items[to], values, kind);
  }

  say(item, axis, values, byRow) {
    const { kind } = this.current;
    this.reading.replaceChildren(make("bdi", "", item.text));
    const even = kind === "attention" && byRow ? spread(values) : null;
    const top = values.length ? Math.max(...values) : 0;
    let remark = `, ${kind} over ${counted(values.length, axis)}`;
    if (!byRow) remark = values.length === 1 ? `: how strongly the ${axis} turned to it` : `: how strongly each of ${counted(values.length, axis)} turned to it`;
    this.reading.append(make("span", "", remark));
    if (even !== null) {
      const share = `Strongest ${percent(top)}. ${spreadInWords(even, axis, values.length)}`;
      this.reading.append(make("br"), make("span", "quiet", share));
    }
  }

  rank(items, values, kind) {
    const list = strongest(values, RANKED);
    const shares = weights(values, kind);
    this.ranking.replaceChildren(...list.map((index) => {
      const line = make("li");
      const bar = barOf();
      bar.classList.toggle("negative", values[index] < 0);
      bar.style.setProperty("--weight", shares[index].toFixed(3));
      line.append(make("span", "what", items[index].text, { dir: "auto", title: items[index].text.slice(0, 500) }), make("span", "value", written(values[index], kind)), bar);
      return line;
    }));
  }

  /** A single axis, or none: every item carries its own number. */
  showVector() {
    const { axes, items, kind } = this.current;
    const [place] = this.plan.drawn;
    const values = this.table[0];
    if (place === undefined) {
      this.reading.append(make("bdi", "", `${capital(kind)} ${written(values[0], kind)}`));
      return;
    }
    const parts = this.parts[axes[place]] ?? [];
    for (const part of parts.filter((each) => each.classList.contains("chip"))) {
      part.classList.add("barred");
      part.append(barOf());
    }
    showValues(parts, values, kind);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const even = kind === "attention" ? spread(values) : null;
    this.reading.append(make("bdi", "", capital(kind)), make("span", "", ` of ${counted(values.length, axes[place])}`), make("br"));
    this.reading.append(make("span", "quiet", even === null ? `Mean ${mean.toFixed(2)}${kind === "gate" ? " (0: shut, 1: open)" : ""}.` : spreadInWords(even, axes[place], values.length)));
    this.rank(items[place], values, kind);
  }
}

/** Layers, heads and iterations begin with their mean, which is what `pointing` judges; anything else with the first. */
function firstChoice({ axes, items }) {
  return axes.map((axis, place) => (DEPTH.includes(axis) && items[place].length > 1 ? null : 0));
}

function clearestRow(table) {
  const peaks = table.map((row) => Math.max(...row));
  return Math.max(0, peaks.indexOf(Math.max(...peaks)));
}

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  followTheme(root);
  if (!BOARDS.has(parentElement)) BOARDS.set(parentElement, new Board(root));
  BOARDS.get(parentElement).take(data);
}
