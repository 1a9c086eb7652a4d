// The working copy of one post's marks: every edit a person can make, undo and redo. It knows no page.
// A mark is {start, end, label, from}: units of the text, and its place in the list that Python sent (null for a new
// one), by which Python finds its id and box again. Marks are never changed in place, so undo keeps lists of them.

const UNDO_STEPS = 500;

class Marking {
  constructor(text, words, marks) {
    this.text = text;
    this.words = words; // [[start, end], ...] in order
    this.marks = marks;
    this.past = [];
    this.future = [];
    this.starts = new Set(words.map(([start]) => start));
    this.ends = new Set(words.map(([, end]) => end));
  }

  /** The place of the first word that ends after `unit`; the number of words where there is none. */
  wordAfter(unit) {
    let [low, high] = [0, this.words.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.words[middle][1] > unit) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The whole words (or, exactly, the whole characters a reader sees) between two units; null where there are none. */
  snap(one, other, exact) {
    let [start, end] = one <= other ? [one, other] : [other, one];
    if (exact) {
      start = this.character(start)[0];
      end = end > start ? this.character(end - 1)[1] : this.character(start)[1];
      while (start < end && /\s/.test(this.text[start])) start++;
      while (end > start && /\s/.test(this.text[end - 1])) end--;
      return start < end ? { start, end } : null;
    }
    const first = this.wordAfter(start);
    let last = this.wordAfter(end);
    if (last === this.words.length || this.words[last][0] >= end) last--;
    if (first > last || first >= this.words.length) return null;
    return { start: this.words[first][0], end: this.words[last][1] };
  }

  /** [start, end] of the character that a reader sees at a unit: an emoji with all that is joined to it is one. */
  character(unit) {
    const inside = Math.max(0, Math.min(unit, this.text.length - 1));
    if (!Intl.Segmenter) return codePointAround(this.text, inside);
    this.characters ??= new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(this.text);
    const found = this.characters.containing(inside);
    return found ? [found.index, found.index + found.segment.length] : [0, this.text.length];
  }

  /** Marks a place. What it overlaps gives way; the first of those lends its identity. */
  put({ start, end }, label) {
    const old = this.marks.filter((mark) => overlap(mark, { start, end }));
    const mark = { start, end, label, from: old.find((each) => each.from !== null)?.from ?? null };
    this.become([...this.marks.filter((each) => !old.includes(each)), mark]);
    return { mark, replaced: old.length };
  }

  relabel(mark, label) {
    return mark.label === label ? mark : this.swap(mark, { ...mark, label });
  }

  remove(mark) {
    this.become(this.marks.filter((each) => each !== mark));
  }

  /** Moves one edge ("start" or "end") to a unit, as far as the neighbours and the other edge allow. */
  resize(mark, edge, unit, exact) {
    const place = this.resized(mark, edge, unit, exact);
    return samePlace(place, mark) ? mark : this.swap(mark, { ...mark, ...place });
  }

  /** Where a mark would lie after `resize`. */
  resized(mark, edge, unit, exact) {
    const others = this.marks.filter((each) => each !== mark);
    const low = Math.max(0, ...others.filter((each) => each.end <= mark.start).map((each) => each.end));
    const high = Math.min(this.text.length, ...others.filter((each) => each.start >= mark.end).map((each) => each.start));
    const goal = Math.max(low, Math.min(high, unit));
    const place = edge === "start" ? this.snap(Math.min(goal, mark.end - 1), mark.end, exact) : this.snap(mark.start, Math.max(goal, mark.start + 1), exact);
    if (!place) return mark;
    // The edge that stays, stays to the unit: it may lie inside a word.
    const [start, end] = edge === "start" ? [place.start, mark.end] : [mark.start, place.end];
    return low <= start && end <= high && start < end ? { start, end } : mark;
  }

  /** Where an edge goes when it is moved by one word or, exactly, one character. */
  beside(mark, edge, step, exact) {
    const unit = mark[edge];
    if (exact) return step > 0 ? this.character(unit)[1] : this.character(unit - 1)[0];
    if (edge === "start") {
      if (step > 0) return this.words[this.wordAfter(unit) + 1]?.[0] ?? unit;
      return this.words.findLast(([start]) => start < unit)?.[0] ?? unit;
    }
    if (step > 0) return this.words[this.wordAfter(unit)]?.[1] ?? unit;
    return this.words.findLast(([, end]) => end < unit)?.[1] ?? unit;
  }

  /** Marks every other place that reads the same as this mark and is free. Returns how many. */
  markAlike(mark) {
    const name = this.text.slice(mark.start, mark.end);
    const whole = { start: this.starts.has(mark.start), end: this.ends.has(mark.end) };
    const found = [];
    for (let start = this.text.indexOf(name); start >= 0; start = this.text.indexOf(name, start + name.length)) {
      const place = { start, end: start + name.length };
      const aligned = (!whole.start || this.starts.has(place.start)) && (!whole.end || this.ends.has(place.end));
      if (aligned && !this.marks.some((each) => overlap(each, place))) found.push({ ...place, label: mark.label, from: null });
    }
    if (found.length) this.become([...this.marks, ...found]);
    return found.length;
  }

  /** Takes over all suggestions that touch no mark, as one step. Returns how many. */
  acceptFree(guesses) {
    const free = guesses.filter((guess) => !this.marks.some((mark) => overlap(mark, guess)));
    const taken = free.filter((guess, index) => !free.slice(0, index).some((earlier) => overlap(earlier, guess)));
    const marks = taken.map(({ start, end, label }) => ({ start, end, label, from: null }));
    if (marks.length) this.become([...this.marks, ...marks]);
    return marks.length;
  }

  undo() {
    return this.travel(this.past, this.future);
  }

  redo() {
    return this.travel(this.future, this.past);
  }

  swap(old, fresh) {
    this.become(this.marks.map((each) => (each === old ? fresh : each)));
    return fresh;
  }

  become(marks) {
    this.past.push(this.marks);
    if (this.past.length > UNDO_STEPS) this.past.shift();
    this.future = [];
    this.marks = marks.sort((one, other) => one.start - other.start || one.end - other.end);
  }

  travel(back, forth) {
    if (!back.length) return false;
    forth.push(this.marks);
    this.marks = back.pop();
    return true;
  }
}

/** [start, end] of the code point at a unit: both halves of a surrogate pair. */
function codePointAround(text, unit) {
  const isLowHalf = /[\udc00-\udfff]/.test(text[unit] ?? "") && /[\ud800-\udbff]/.test(text[unit - 1] ?? "");
  const start = isLowHalf ? unit - 1 : unit;
  return [start, start + (text.codePointAt(start) > 0xffff ? 2 : 1)];
}
