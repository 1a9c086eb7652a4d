// The annotator: hands, keys and mouse to the working copy, and the working copy to the view and to Python.

const ANNOTATORS = new WeakMap(); // parentElement -> Annotator: the working copy outlives every rerun
let savedDraft = null; // the draft of the post that is being saved; dropped once Python shows another post or revision

class Annotator {
  constructor(root) {
    this.view = new AnnotatorView(root);
    this.focus = {};
    root.onclick = (event) => this.onButton(event.target.closest("button"));
    root.onkeydown = (event) => this.onKey(event);
    listenToPointer(this, this.view.text);
    addEventListener("beforeunload", (event) => {
      if (root.isConnected && !this.saving && this.isChanged()) event.preventDefault(); // the browser asks
    });
  }

  /** New data from Python: another post or revision starts a new working copy, anything else leaves it alone. */
  take(data, send) {
    const id = JSON.stringify([data.post, data.revision, data.text]);
    if (data.saves !== this.data?.saves) this.saving = false;
    this.data = data;
    this.send = send;
    if (id !== this.id) this.begin(id, data);
    this.guesses = inUnits(data.predictions, this.offsets.toUnit);
    if (this.focus.guess) this.focus = {};
    this.draw();
  }

  begin(id, data) {
    this.id = id;
    const post = `mner draft ${data.key} ${data.post} revision `;
    this.draftKey = post + data.revision;
    forgetOlder(post, this.draftKey);
    const follows = savedDraft !== null;
    if (follows && savedDraft !== this.draftKey) {
      storeDraft(savedDraft, null);
      savedDraft = null;
    }
    this.offsets = offsets(data.text);
    this.original = inUnits(data.marks, this.offsets.toUnit).map((mark, from) => ({ ...mark, from }));
    const words = data.tokens.map(([start, end]) => [this.offsets.toUnit[start], this.offsets.toUnit[end]]);
    this.marking = new Marking(data.text, words, this.original);
    if (!data.labels.includes(this.active)) this.active = data.labels[0];
    this.focus = {};
    this.message = this.restoreDraft() ? "Your unsaved draft is back." : "";
    if (follows) this.view.text.focus({ preventScroll: true });
  }

  restoreDraft() {
    const draft = JSON.parse(storedDraft(this.draftKey) ?? "null");
    if (draft?.text !== this.data.text) return false;
    this.marking.become(draft.marks);
    return true;
  }

  keepDraft() {
    const draft = this.isChanged() ? JSON.stringify({ text: this.data.text, marks: this.marking.marks }) : null;
    if (!storeDraft(this.draftKey, draft)) this.message = "This browser keeps no draft: save before you leave the page.";
  }

  isChanged() {
    const marks = this.marking.marks;
    return marks.length !== this.original.length || marks.some((mark) => !this.original.some((old) => samePlace(old, mark) && old.label === mark.label && old.from === mark.from));
  }

  openGuesses() {
    const done = new Set(this.marking.marks.map(spell));
    for (const guess of this.guesses) guess.agrees = done.has(spell(guess));
    return this.guesses.filter((guess) => !guess.agrees);
  }

  draw() {
    const open = this.openGuesses();
    const { marks, past, future } = this.marking;
    if (this.focus.guess?.agrees) this.focus = {};
    this.view.drawLabels(this.data, this.active);
    this.view.drawText(this.data.text, marks, this.guesses, this.data.colours, this.focus);
    this.view.drawActions({
      hasGuesses: this.guesses.length > 0,
      saving: Boolean(this.saving),
      saveLabel: this.data.save_label,
      can: {
        undo: past.length, redo: future.length, remove: this.focus.mark, alike: this.focus.mark,
        accept: open.length, acceptAll: open.length, restart: this.isChanged(),
      },
    });
    this.view.notice.textContent = this.data.refused;
    this.view.notice.hidden = !this.data.refused;
    this.view.preview(this.chosenWords());
    this.view.status.textContent = [this.message, this.says(open.length)].filter(Boolean).join(" ");
  }

  says(open) {
    const { mark, guess } = this.focus;
    const words = this.chosenWords();
    if (mark) return `${mark.label}: “${this.cut(mark)}”.`;
    if (guess) return `Predicted ${guess.label}${guess.confidence == null ? "" : ` (${percent(guess.confidence)})`}: “${this.cut(guess)}”. Enter accepts it.`;
    if (words) return `“${this.cut(words)}”: Enter marks it as ${this.active}.`;
    const marked = this.marking.marks.length;
    return `${marked ? marked : "Nothing"} marked${open ? `, ${open} predicted and open` : ""}. New marks are ${this.active}.`;
  }

  cut({ start, end }) {
    const text = this.data.text.slice(start, Math.min(end, start + 60));
    return end - start > 60 ? `${text}…` : text;
  }

  chosenWords() {
    const { words } = this.focus;
    if (!words) return null;
    const [first, last] = [Math.min(...words), Math.max(...words)];
    return { start: this.marking.words[first][0], end: this.marking.words[last][1] };
  }

  /** Every edit ends here: say what happened, keep the draft, draw. */
  did(message, focus = {}) {
    this.message = message;
    this.focus = focus;
    this.keepDraft();
    this.draw();
  }

  choose(focus) {
    this.message = "";
    this.focus = focus;
    this.draw();
  }

  mark(place, label) {
    this.active = label;
    const { mark, replaced } = this.marking.put(place, label);
    this.did(replaced ? `${replaced} overlapping ${replaced > 1 ? "marks were" : "mark was"} removed; Ctrl Z brings ${replaced > 1 ? "them" : "it"} back.` : "", { mark });
  }

  label(label) {
    this.active = label;
    const words = this.chosenWords();
    if (this.focus.mark) this.did("", { mark: this.marking.relabel(this.focus.mark, label) });
    else if (this.focus.guess) this.mark(this.focus.guess, label);
    else if (words) this.mark(words, label);
    else this.choose({});
  }

  undo() { if (this.marking.undo()) this.did("Undone.", this.stayNear()); }
  redo() { if (this.marking.redo()) this.did("Done again.", this.stayNear()); }

  /** After a step through time: the mark that now stands where the chosen one stood. */
  stayNear() {
    const mark = this.marking.marks.find((each) => this.focus.mark && overlap(each, this.focus.mark));
    return mark ? { mark } : {};
  }

  remove() {
    if (!this.focus.mark) return;
    this.marking.remove(this.focus.mark);
    this.did(`${this.focus.mark.label} “${this.cut(this.focus.mark)}” deleted.`);
  }

  alike() {
    if (!this.focus.mark) return;
    const found = this.marking.markAlike(this.focus.mark);
    this.did(found ? `${found} more marked.` : "No other free place reads the same.", this.focus);
  }

  /** Accepts the chosen prediction; where none is chosen, chooses the first open one. */
  accept() {
    const open = this.openGuesses();
    const { guess } = this.focus;
    if (!guess) return this.choose(open.length ? { guess: open[0] } : {});
    const active = this.active;
    this.mark(guess, guess.label);
    this.active = active;
    const next = this.openGuesses().find((each) => each.start >= guess.end);
    return next ? this.choose({ guess: next }) : this.draw();
  }

  acceptAll() {
    const open = this.openGuesses();
    const taken = this.marking.acceptFree(open);
    const left = open.length - taken;
    this.did(`${taken} accepted${left ? `, ${left} left: they overlap marks` : ""}.`);
  }

  restart() {
    this.marking.become([...this.original]);
    this.did("Back to the last saved version.");
  }

  save() {
    if (this.saving) return;
    this.saving = true;
    savedDraft = this.draftKey;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => { this.saving = false; this.draw(); }, 5000);
    const { toPoint } = this.offsets;
    const marks = this.marking.marks.map(({ start, end, label, from }) => ({ start: toPoint[start], end: toPoint[end], label, from }));
    this.send({ post: this.data.post, revision: this.data.revision, marks });
    this.choose({});
  }

  onButton(pressed) {
    if (!pressed || this.saving) return;
    if (pressed.dataset.label !== undefined) this.label(pressed.dataset.label);
    else this[pressed.dataset.act]();
    if (pressed.dataset.act !== "save") this.view.text.focus({ preventScroll: true });
  }

  onKey(event) {
    const command = event.ctrlKey || event.metaKey;
    const isSave = command && event.key === "Enter";
    const handled = isSave || (event.target === this.view.text && !this.saving && onTextKey(this, event));
    if (isSave) this.save();
    if (handled) event.preventDefault();
    if (handled || !isForThePage(event)) event.stopPropagation(); // Streamlit listens to bare letters
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  followTheme(root);
  if (!ANNOTATORS.has(parentElement)) ANNOTATORS.set(parentElement, new Annotator(root));
  const annotator = ANNOTATORS.get(parentElement);
  annotator.take(data, (payload) => setTriggerValue("save", payload));
  return () => annotator.view.preview(null);
}
