/* The list of steps: filters them, and finds where each step command leads. */

class Steps extends Walk {
  constructor(root) {
    super(root.getAttribute("aria-label"), Object.keys(TITLES));
    this.list = unpacked(root);
    this.shelf = shelves.get(root) || [];
    this.collect();
  }

  open(fold, open = true) {
    const details = fold.querySelector("details");
    fill(details, this.shelf);
    details.open = open;
    this.collect();
  }

  /* Which steps there are; folds that are open give theirs. */
  collect() {
    const here = this.places && this.places[this.at];
    this.places = [
      ...this.list.querySelectorAll(
        ":scope > .wt-step, :scope > .wt-fold > details[open] > ol > li",
      ),
    ];
    this.index = new Map(this.places.map((stop, n) => [stop, n]));
    this.numbered = new Map(
      this.places.filter((s) => s.dataset.n).map((s) => [s.dataset.n, s]),
    );
    this.foresee();
    if (!here) return;
    const fold = here.closest(".wt-fold");
    const known = this.index.get(here);
    this.at = known ?? this.index.get(this.numbered.get(fold.dataset.n)) ?? 0;
  }

  /* What would cost a walk through all steps at each step. */
  foresee() {
    this.entry = new Map();
    this.passed = [];
    let event = null;
    this.places.forEach((stop, n) => {
      if (stop.dataset.direction) event = stop;
      this.passed.push(event);
      const arrival = this.arrival(stop);
      for (const from of [stop.dataset.parent, arrival && arrival.dataset.from]) {
        if (from && !this.entry.has(from)) this.entry.set(from, n);
      }
    });
  }

  get here() {
    return this.places[this.at];
  }

  /* For long recordings: only one's own code, and the steps of some name. */
  tools() {
    this.mine = make("button", "", "My code only");
    this.mine.type = "button";
    this.mine.setAttribute("aria-pressed", "false");
    this.mine.addEventListener("click", () => {
      const on = this.mine.getAttribute("aria-pressed") !== "true";
      this.mine.setAttribute("aria-pressed", on);
      this.seek(this.at);
    });
    this.search = make("input");
    this.search.type = "search";
    this.search.placeholder = "Search names";
    this.search.setAttribute("aria-label", "Search names; Enter goes to the next");
    this.search.addEventListener("input", () => this.seek(this.at));
    this.search.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.seek(this.at + 1);
    });
    this.found = make("span", "wt-found");
    this.found.setAttribute("role", "status");
    return make("div", "wt-tools", this.mine, this.search, this.found);
  }

  get filtered() {
    return this.mine && (this.mine.getAttribute("aria-pressed") === "true" || this.search.value);
  }

  fits(stop) {
    const mine = this.mine.getAttribute("aria-pressed") === "true";
    if (mine && !("own" in stop.dataset)) return false;
    const name = stop.querySelector(":scope > .wt-name, strong, code").textContent;
    return name.toLowerCase().includes(this.search.value.toLowerCase());
  }

  /* Goes to the first step from there on that fits, else to the first of all. */
  seek(from) {
    if (!this.filtered) {
      this.found.textContent = "";
      return;
    }
    const fitting = () => [...this.places.keys()].filter((n) => this.fits(this.places[n]));
    let all = fitting();
    if (!all.length && this.search.value && this.unearth(this.search.value)) {
      all = fitting();
    }
    this.found.textContent = all.length ? plural(all.length, "step") : "no step";
    if (all.length) this.go(all.find((n) => n >= from) ?? all[0]);
  }

  /* Opens the first fold that holds such a name. */
  unearth(words) {
    for (const fold of this.list.querySelectorAll(":scope > .wt-fold")) {
      const inside = fold.querySelector("ol[data-inside]");
      const plain = inside && this.shelf[inside.dataset.inside].replace(/<[^>]*>/g, "");
      if (plain && plain.toLowerCase().includes(words.toLowerCase())) {
        this.open(fold);
        return true;
      }
    }
    return false;
  }

  way(what) {
    if (what in STEPPING) return this[what]();
    const to = super.way(what);
    if (!this.filtered || (what !== "next" && what !== "prev")) return to;
    const by = what === "next" ? 1 : -1;
    for (let n = to; n >= 0 && n < this.length; n += by) {
      if (this.fits(this.places[n])) return n;
    }
    return -1;
  }

  /* Whether a step was called, directly or not, from the step of that number. */
  inside(stop, number) {
    let up = stop.dataset.parent;
    while (up && up !== number) up = this.numbered.get(up).dataset.parent;
    return up === number;
  }

  first(fits) {
    for (let n = this.at + 1; n < this.places.length; n++) {
      if (fits(this.places[n])) return n;
    }
    return -1;
  }

  /* `into`, `over` and `out` return the index of the step they lead to, or -1. */
  into() {
    return this.entry.get(this.here.dataset.n) ?? -1;
  }

  over() {
    return this.beyond(this.here.dataset.n);
  }

  out() {
    const parent = this.here.dataset.parent;
    return parent ? this.beyond(parent) : -1;
  }

  beyond(number) {
    const { lane } = this.here.dataset;
    const past = (stop) => !number || !this.inside(stop, number);
    const same = this.first((stop) => stop.dataset.lane === lane && past(stop));
    return same < 0 ? this.first(past) : same;
  }

  /* The row of the list that a step is in: its own, or that of its fold. */
  row(stop) {
    return stop.closest(".wt-steps > li");
  }

  arrival(stop) {
    for (
      let row = this.row(stop).previousElementSibling;
      row && !row.matches(".wt-step");
      row = row.previousElementSibling
    ) {
      if (row.matches(".wt-arrival")) return row;
    }
    return null;
  }

  nextFold() {
    const row = this.row(this.here);
    if (row.matches(".wt-fold")) return row;
    for (
      let after = row.nextElementSibling;
      after && !after.matches(".wt-step");
      after = after.nextElementSibling
    ) {
      if (after.matches(".wt-fold")) return after;
    }
    return null;
  }
}
