/* The stepper: walks the list of steps that the page already has.
 *
 * Every content is in the list, which lies packed in a <noscript> until it is needed;
 * this script only shows one step of it at a time, with its stack, its lane and the
 * door.  It asks no host for anything.
 */
(() => {
  "use strict";

  // What it takes to the first step is measured from here.
  performance.mark("walkthroughs");

  const ICONS = {
    first: "M6 5v14M18 5l-9 7 9 7z",
    prev: "M16 5l-10 7 10 7z",
    play: "M7 4l13 8-13 8z",
    pause: "M8 5v14M16 5v14",
    next: "M8 5l10 7-10 7z",
    into: "M12 3v11M7 10l5 5 5-5M9 20h6",
    over: "M4 14a8 7 0 0 1 15-1M20 7v6h-6M10 20h4",
    out: "M12 15V4M7 8l5-5 5 5M9 20h6",
  };
  const STEPPING = {
    into: "Step into (i)",
    over: "Step over (o)",
    out: "Step out (u)",
  };
  const TITLES = {
    prev: "Previous step (left arrow)",
    play: "Play (space)",
    next: "Next step (right arrow)",
    ...STEPPING,
  };
  const KEYS = {
    ArrowLeft: "prev",
    ArrowRight: "next",
    Home: "first",
    End: "last",
    " ": "play",
    i: "into",
    o: "over",
    u: "out",
    "?": "keys",
  };
  const PACE = 1600;
  const READING = 0.4;
  const SWIPE = 40;
  const QUEUE_DRAWN = 8;
  const LONG = 500;
  const PART = 50;
  const SVG = "http://www.w3.org/2000/svg";

  const make = (tag, css, ...content) => {
    const element = document.createElement(tag);
    if (css) element.className = css;
    element.append(...content);
    return element;
  };

  const icon = (name) => {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  };

  const duration = (us) =>
    us < 1000
      ? `${us} µs`
      : us < 1e6
        ? `${(us / 1000).toPrecision(3)} ms`
        : `${(us / 1e6).toPrecision(3)} s`;

  const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  const group = (label, ...content) =>
    make("div", "", make("p", "wt-label", label), ...content);

  const button = (name, title) => {
    const made = make("button", "", icon(name));
    if (name in STEPPING) made.append(make("span", "wt-word", name));
    made.type = "button";
    made.dataset.do = name;
    made.title = title;
    made.setAttribute("aria-label", title);
    return made;
  };

  const frame = (label) => {
    const stage = make("div", "wt-stage");
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", `Stepper. ${label}. Arrow keys walk.`);
    return stage;
  };

  const announcer = () => {
    const live = make("p", "wt-sr");
    live.setAttribute("role", "status");
    return live;
  };

  const copies = (stop, what) =>
    [...stop.querySelectorAll(what)].map((part) => part.cloneNode(true));

  /* A part that scrolls, and so has to be reached by key. */
  const pane = (css, label) => {
    const box = make("div", css);
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", label);
    return box;
  };

  /* What goes to one of many places: by button, key and slider, or by itself. */
  class Walk {
    constructor(label, names) {
      this.at = 0;
      this.timer = 0;
      this.stage = frame(label);
      this.buttons = Object.fromEntries(
        names.map((name) => [name, button(name, TITLES[name])]),
      );
      this.slider = make("input");
      this.slider.type = "range";
      this.slider.min = 1;
      this.slider.setAttribute("aria-label", "Step");
      this.slider.addEventListener("input", () => {
        const to = this.slider.value - 1;
        this.pause();
        this.go(to);
      });
      this.count = make("span", "wt-at");
      this.bar = make("div", "wt-bar", ...Object.values(this.buttons));
      this.help = make("button", "", "?");
      this.help.type = "button";
      this.help.dataset.do = "keys";
      this.help.setAttribute("aria-label", "Keys (?)");
      this.help.setAttribute("aria-expanded", false);
      const titles = names.map((name) => TITLES[name]);
      const keys = [...titles, "First step (Home)", "Last step (End)", "These keys (?)"];
      this.keys = make("p", "wt-keys", keys.join(" · "));
      this.keys.hidden = true;
      this.bar.append(this.slider, this.count, this.help, this.keys);
      this.live = announcer();
      this.stage.addEventListener("keydown", (event) => this.pressed(event));
      this.stage.addEventListener("click", ({ target }) => {
        const button = target.closest("[data-do]");
        if (button) this.act(button.dataset.do);
      });
    }

    pressed(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const inside = event.target;
      const own = inside === this.slider || inside.closest("pre");
      const button = inside.closest("button, a") && event.key === " ";
      const what = KEYS[event.key];
      if (!this.knows(what) || button || (own && event.key.length > 1)) return;
      event.preventDefault();
      event.stopPropagation();
      this.act(what);
    }

    knows(what) {
      return what in this.buttons || /^(first|last|keys)$/.test(what);
    }

    act(what) {
      if (what !== "play") this.pause();
      if (what === "play") this.toggle();
      else if (what === "keys") this.explain();
      else this.go(this.way(what));
    }

    explain() {
      const open = this.keys.hidden;
      this.keys.hidden = !open;
      this.help.setAttribute("aria-expanded", open);
      this.live.textContent = open ? this.keys.textContent : "";
    }

    way(what) {
      return { first: 0, last: this.length - 1, prev: this.at - 1, next: this.at + 1 }[what];
    }

    toggle() {
      if (this.timer) {
        this.pause();
        return;
      }
      if (this.at === this.length - 1) this.go(0);
      this.timer = setInterval(() => this.go(this.at + 1), PACE);
      this.looks();
    }

    pause() {
      clearInterval(this.timer);
      this.timer = 0;
      this.looks();
    }

    go(to) {
      if (!(to >= 0 && to < this.length)) {
        this.pause();
        return;
      }
      this.at = to;
      this.show();
      this.tell();
    }

    looks() {
      const last = this.length;
      this.slider.max = last;
      this.slider.value = this.at + 1;
      this.slider.setAttribute("aria-valuetext", `${this.at + 1} of ${last}`);
      this.count.textContent = `${this.at + 1} / ${last}`;
      for (const [name, button] of Object.entries(this.buttons)) {
        // Not `disabled`: a button that loses the focus would take the keys with it.
        const able = name === "play" ? last > 1 : this.way(name) in this.places;
        button.setAttribute("aria-disabled", !able);
      }
      const title = this.timer ? "Pause (space)" : TITLES.play;
      const { play } = this.buttons;
      if (!play || play.title === title) return;
      play.title = title;
      play.setAttribute("aria-label", title);
      play.replaceChildren(icon(this.timer ? "pause" : "play"));
    }

    get length() {
      return this.places.length;
    }
  }

  class Stepper extends Walk {
    /* `root` has the steps; `host` the listing, and the links that lead to them. */
    constructor(root, host = root) {
      super(root.getAttribute("aria-label"), Object.keys(TITLES));
      this.root = root;
      this.host = host;
      this.list = unpacked(root);
      this.parts = whole.get(root);
      this.marked = [];
      this.shelf = shelves.get(root) || [];
      this.link();
      this.passes = this.list.querySelector("[data-direction]");
      this.collect();
      this.build();
      this.listen();
      root.querySelector(".wt-all").open = false;
      this.at = this.index.get(this.numbered.get(root.dataset.start)) ?? 0;
      this.show();
    }

    /* Which links lead to which step: of the listing, and of the picture if it is there. */
    link() {
      this.links = new Map();
      for (const link of this.host.querySelectorAll(".wt-listing a, .wt-svg a, .wt-go")) {
        const to = link.getAttribute("href");
        this.links.set(to, [...(this.links.get(to) || []), link]);
        // A listing is one stop of the Tab key: the line of the step that is shown.
        if (link.closest(".wt-listing")) link.tabIndex = link === this.listed ? 0 : -1;
      }
    }

    /* A picture that is packed is drawn when it is opened. */
    draw() {
      const packed = this.root.querySelector(".wt-order noscript");
      if (!packed) return;
      packed.parentElement.innerHTML = packed.textContent;
      this.link();
      this.mark(this.here);
    }

    /* The lanes by order or by time, which is packed until somebody asks for it. */
    scale(picture, by) {
      const [order, time] = picture.querySelectorAll(".wt-order, .wt-timed");
      const packed = time.querySelector("noscript");
      if (packed) {
        time.innerHTML = packed.textContent;
        this.link();
        this.mark(this.here);
      }
      time.hidden = by !== "time";
      order.hidden = !time.hidden;
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

    build() {
      this.head = make("div", "wt-top");
      this.code = pane("wt-main", "Source");
      this.side = pane("wt-side", "State");
      this.foot = make("div", "wt-foot");
      const panes = make("div", "wt-panes", this.code, this.side);
      const tools = "tools" in this.root.dataset ? [this.tools()] : [];
      this.stage.append(this.bar, ...tools, this.head, panes, this.foot, this.live);
      if (this.host === this.root) {
        const both = this.root.querySelector(".wt-both");
        if (both) this.beside(both);
        else this.root.insertBefore(this.stage, this.root.querySelector(".wt-picture, .wt-all"));
      }
    }

    /* Beside the code is the path, as a listing or as lanes. */
    beside(both) {
      const picture = this.root.querySelector(".wt-picture");
      const below = picture.nextElementSibling;
      const choices = ["Listing", "Lanes"].map((words, lanes) => {
        const choice = make("button", "", words);
        choice.type = "button";
        choice.setAttribute("aria-pressed", !lanes);
        choice.addEventListener("click", () => {
          choices.forEach((each) => each.setAttribute("aria-pressed", each === choice));
          both.classList.toggle("wt-lanes", lanes);
          if (lanes) both.insertBefore(picture, this.stage);
          else below.before(picture);
          picture.open = true;
          this.settle();
        });
        return choice;
      });
      if (both.querySelector(".wt-listing")) both.prepend(make("div", "wt-choice", ...choices));
      both.append(this.stage);
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

    listen() {
      const picture = this.root.querySelector(".wt-picture");
      if (picture && this.host === this.root) {
        picture.addEventListener("toggle", () => this.draw());
        picture.addEventListener("change", ({ target }) => this.scale(picture, target.value));
      }
      this.host.addEventListener("click", (event) => this.clicked(event));
      // The numbers of a picture stay in sight.
      const kept = ({ target }) => target.style.setProperty("--x", `${target.scrollLeft}px`);
      picture?.addEventListener("scroll", kept, { capture: true, passive: true });
      this.list.addEventListener(
        "toggle",
        (event) => {
          if (!event.target.closest(".wt-fold")) return;
          fill(event.target, this.shelf);
          if (this.parts) this.parts.follow(event.target);
          // Once for all that open together, as those of a long list on paper do.
          this.folding ||= setTimeout(() => {
            this.folding = 0;
            this.collect();
            this.show();
          });
        },
        true,
      );
      let start = null;
      this.stage.addEventListener(
        "touchstart",
        (event) => {
          const wide = event.target.closest("pre, input");
          start = wide && wide.scrollWidth > wide.clientWidth ? null : event.touches[0];
          if (event.target === this.slider) start = null;
        },
        { passive: true },
      );
      this.stage.addEventListener("touchend", (event) => {
        if (!start) return;
        const dx = event.changedTouches[0].clientX - start.clientX;
        const dy = event.changedTouches[0].clientY - start.clientY;
        if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) {
          this.act(dx < 0 ? "next" : "prev");
        }
      });
    }

    clicked(event) {
      const link = event.target.closest("a[href^='#']");
      const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      if (!link || !plain || !this.jump(link.getAttribute("href").slice(1))) return;
      event.preventDefault();
      event.stopPropagation();
      this.stage.focus({ preventScroll: true });
      this.stage.scrollIntoView({ block: "nearest" });
    }

    act(what) {
      if (what === "unfold" || what === "fold") this.fold(what === "unfold");
      else super.act(what);
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

    /* Where the three ways of stepping lead; -1 for nowhere. */
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

    /* The first call it makes, or the lane that it set going. */
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

    get here() {
      return this.places[this.at];
    }

    /* Folds */
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

    fold(open) {
      this.open(this.nextFold(), open);
      this.go(open ? this.at + 1 : this.at);
      this.stage.focus({ preventScroll: true });
    }

    /* Going somewhere */
    jump(id) {
      let target = place(id);
      if (!target || !this.list.contains(target)) return false;
      if (target.matches(".wt-fold")) {
        this.open(target);
        target = target.querySelector("ol > li");
      }
      this.pause();
      this.go(this.index.get(target));
      return true;
    }

    /* As `jump`, for a step that nobody asked for. */
    visit(id) {
      const to = this.index.get(place(id));
      if (to === undefined || this.timer) return;
      this.at = to;
      this.show();
    }

    /* Showing */
    show() {
      const stop = this.here;
      this.showHead(stop);
      this.showCode(stop);
      this.side.replaceChildren(...this.showSide(stop));
      this.showFoot();
      this.looks();
      this.mark(stop);
      // With the next frame: what asks for a place makes the browser lay out the page.
      this.settling ||= requestAnimationFrame(() => this.settle());
    }

    /* What is seen of the parts that scroll. */
    settle() {
      this.settling = 0;
      for (const each of [this.code, this.side, this.code.parentElement]) each.scrollTop = 0;
      const line = this.host !== this.root && this.host.querySelector(".wt-path .wt-here");
      if (line) {
        const path = line.closest(".wt-path");
        path.scrollTop = line.offsetTop - path.clientHeight / 2;
      }
      const box = this.stripe?.closest(".wt-scroll");
      if (!box) return;
      const { scrollLeft, clientWidth, clientHeight } = box;
      box.scrollTop = this.stripe.getAttribute("y") - clientHeight / 2;
      const x = this.stripe.dataset.x;
      if (x < scrollLeft || x > scrollLeft + clientWidth - 160) box.scrollLeft = x - 120;
    }

    showHead(stop) {
      const parts = copies(stop, ":scope > .wt-head, :scope > .wt-name");
      if (!parts.length) {
        const name = make("p", "wt-head", make("strong", "", folded(stop)));
        parts.push(name, make("p", "wt-name", `folded, in ${stop.dataset.lane}`));
      }
      this.head.replaceChildren(...parts);
      this.head.classList.toggle("wt-event", stop.dataset.kind === "message");
    }

    showCode(stop) {
      const arrival = this.arrival(stop);
      const facts = copies(stop, ":scope > p:not([class]), .wt-args, .wt-entries");
      const came = arrival ? copies(arrival, "p") : [];
      if (came.length) came[0].className = "wt-came";
      // What it means comes first, and its lines later.
      const told = make("div", "wt-told", ...copies(stop, ":scope > .wt-story"), ...came, ...facts);
      if (!facts.length && stop.dataset.file) {
        const { file, line } = stop.dataset;
        told.append(make("p", "", `Begins at line ${line} of ${file}.`));
      }
      const door = stop.dataset.direction ? [this.showDoor()] : [];
      this.code.replaceChildren(told, ...door, ...copies(stop, ".wt-code, .wt-licence"), ...this.excerpts(stop));
    }

    /* The excerpts that lie on the shelf. */
    excerpts(stop) {
      const box = make("div");
      const numbers = (stop.dataset.code || "").split(" ").filter(Boolean);
      box.innerHTML = numbers.map((n) => this.shelf[n]).join("");
      return [...box.children];
    }

    /* How long a call took: itself, in the calls it made, and waiting. */
    took(stop) {
      const { took, self, waited } = stop.dataset;
      if (took === undefined) return [];
      const calls = took - self - waited;
      const parts = [
        `${duration(+self)} in itself`,
        ...(calls > 0 ? [`${duration(calls)} in the calls it made`] : []),
        ...(waited > 0 ? [`${duration(+waited)} waiting`] : []),
      ];
      return [make("p", "wt-time", `Took ${duration(+took)}: ${parts.join(", ")}`)];
    }

    showSide(stop) {
      const stack = make("ol", "wt-stack", ...this.frames(stop));
      stack.setAttribute("role", "list");
      const before = this.places[this.at - 1];
      const now = Number(stop.dataset.t);
      const since = before ? ` (+${duration(now - before.dataset.t)})` : "";
      const time = make("p", "wt-time", `${duration(now)} since the first step${since}`);
      const frames = group("Call stack", stack);
      frames.className = "wt-frames";
      const parts = [frames, group("Time", time, ...this.took(stop))];
      if (this.passes && !stop.dataset.direction) parts.unshift(this.showDoor());
      return parts;
    }

    *frames(stop) {
      const name = (each) => each.querySelector("strong, code").textContent;
      const current = make("li", "", make("strong", "", name(stop)));
      current.setAttribute("aria-current", "true");
      yield current;
      for (let at = stop; at; at = this.numbered.get(at.dataset.parent)) {
        if (at.dataset.hidden) {
          yield make("li", "wt-quiet", `… ${plural(+at.dataset.hidden, "call")} not shown`);
        }
        const above = this.numbered.get(at.dataset.parent);
        if (!above) break;
        const link = make("a", "", name(above));
        link.href = `#${above.id}`;
        yield make("li", "", link);
      }
      yield make("li", `wt-base wt-${kind(stop)}`, stop.dataset.lane);
    }

    showDoor() {
      const last = this.passed[this.at];
      const waiting = last && last.dataset.queue;
      const queue = make("span", "wt-queue");
      for (let n = 0; n < Math.min(waiting || 0, QUEUE_DRAWN); n++) {
        queue.append(make("i"));
      }
      const gate = make("span", "wt-gate");
      const door = make("div", "wt-door", "server", queue, gate, "application");
      if (last === this.here) {
        const type = last.querySelector("strong").textContent.split(" ").pop();
        door.append(make("b", `wt-token wt-${last.dataset.direction}`, type));
      }
      const depth = waiting === undefined ? "" : `${waiting} in the queue`;
      const words = last ? depth : "No event has passed yet.";
      return group("Events to and from the application", door, make("p", "wt-quiet", words));
    }

    showFoot() {
      const fold = this.nextFold();
      this.foot.replaceChildren();
      if (!fold) return;
      const open = fold.querySelector("details").open;
      const words = fold.querySelector("summary").textContent;
      const button = make("button", "", open ? "Fold again" : `${words}: unfold`);
      button.type = "button";
      button.dataset.do = open ? "fold" : "unfold";
      this.foot.append(button);
    }

    /* The same step in the listing, in the picture and in the list. */
    mark(stop) {
      for (const each of this.marked) {
        each.classList.remove("wt-here");
        each.removeAttribute("aria-current");
      }
      this.parts?.box.querySelector("[aria-current]")?.removeAttribute("aria-current");
      const id = stop.id || this.row(stop).id;
      this.marked = [stop];
      const copy = this.parts && document.getElementById(id);
      if (copy) this.marked.push(copy);
      for (const each of this.marked) each.setAttribute("aria-current", "step");
      for (const link of this.links.get(`#${id}`) || []) {
        const line = link.closest(".wt-line");
        const place = line || link;
        place.classList.add("wt-here");
        this.marked.push(place);
        if (line) this.enter(link);
        if (link.closest("svg:not(.wt-clock)")) this.band(link);
      }
    }

    enter(link) {
      const before = this.listed;
      this.listed = link;
      if (before) before.tabIndex = -1;
      link.tabIndex = 0;
      if (before === document.activeElement) link.focus();
    }

    band(link) {
      const svg = link.closest("svg");
      const band = (this.stripe ??= document.createElementNS(SVG, "rect"));
      band.setAttribute("class", "band");
      band.setAttribute("width", "100%");
      band.setAttribute("height", 26);
      // Of a picture in tiles, the one that the step is in.
      if (band.parentNode !== svg) svg.querySelector("rect, g").before(band);
      const label = link.querySelector("text:not(.num)");
      band.setAttribute("y", label.getAttribute("y") - 13);
      band.dataset.x = label.getAttribute("x");
    }

    tell() {
      // Which lane it came to is said first, as it is seen first.
      const parts = [".wt-came", "p:not(.wt-came)"].map((part) => this.code.querySelector(part));
      const words = [...this.head.querySelectorAll("strong"), ...parts]
        .filter(Boolean)
        .map((part) => part.textContent.replace(/\.$/, ""));
      const count = `Step ${this.at + 1} of ${this.places.length}`;
      this.live.textContent = `${count}: ${words.join(". ")}.`;
      if (this.here.id) remember(this.here.id);
      requestAnimationFrame(() => this.follow());
    }

    /* Where the step is docked over its listing, its line does not go out of sight. */
    follow() {
      const { top, left } = this.stage.getBoundingClientRect();
      const around = this.listed?.closest(".wt-both > .wt-listing")?.getBoundingClientRect();
      if (top < around?.bottom && left < around.right) this.listed.scrollIntoView({ block: "nearest" });
    }
  }

  /* Prose that is read beside a walkthrough: a second stepper on the same steps, which
     goes to the step of the name that the reader has come to.  Of several versions, each
     in a tab, it is beside the one that is chosen there. */
  class Narrative {
    constructor(words, roots) {
      this.words = words;
      this.roots = roots;
      this.goes = [...words.querySelectorAll(".wt-go")];
      this.columns = new Map();
      this.come = this.come.bind(this);
      this.choose();
      new IntersectionObserver(([{ isIntersecting }]) => {
        removeEventListener("scroll", this.come);
        if (isIntersecting) addEventListener("scroll", this.come, { passive: true });
        this.come();
      }).observe(words);
    }

    /* The version whose tab is open has the column, even if the tabs are in a fold. */
    choose() {
      const shown = this.roots.findIndex((root) => opener(root)?.checked ?? root.offsetParent);
      const nth = Math.max(shown, 0);
      if (nth === this.nth) return;
      this.nth = nth;
      this.now = null;
      const root = this.roots[nth];
      for (const go of this.goes) {
        const step = go.dataset.steps?.split(" ")[nth];
        if (step === "0") go.removeAttribute("href");
        else if (step) go.href = `#${root.id.replace(/walk$/, step)}`;
      }
      const [column, stepper] = this.columns.get(root) || this.build(root);
      this.column?.remove();
      this.words.append(column);
      stepper.link();
      stepper.show();
      this.column = column;
      this.stepper = stepper;
      steppers.set(this.words, stepper);
    }

    build(root) {
      equip(root);
      const stepper = new Stepper(root, this.words);
      const listing = root.querySelector(".wt-listing").cloneNode(true);
      for (const each of listing.children) {
        each.classList.remove("wt-here");
        each.removeAttribute("aria-current");
      }
      const path = pane("wt-path", "Path");
      path.append(listing);
      const column = make("div", "wt wt-column", path, stepper.stage);
      column.dataset.searchExclude = "";
      this.columns.set(root, [column, stepper]);
      return [column, stepper];
    }

    come() {
      this.coming ||= requestAnimationFrame(() => {
        this.coming = 0;
        this.choose();
        const now = this.reached();
        if (now === this.now) return;
        this.now = now;
        // In silence, and with no word in the address: it was not asked to go.
        this.stepper.visit(now.getAttribute("href").slice(1));
      });
    }

    /* The last name above the line that is read: a paragraph counts from its top. */
    reached() {
      const line = innerHeight * READING;
      let block, found;
      for (const each of this.goes) {
        const around = each.closest("p, li") || each;
        const top = (around === block ? each : around).getBoundingClientRect().top;
        if (found && top > line) break;
        block = around;
        if (each.hasAttribute("href")) found = each;
      }
      return found;
    }
  }

  /* Two recordings at once: one row of the table at a time. */
  class Pairs extends Walk {
    constructor(root) {
      super(root.getAttribute("aria-label"), ["prev", "play", "next"]);
      this.places = [...root.querySelectorAll("tbody tr")];
      this.servers = [...root.querySelectorAll("th[scope=col]")].map(
        (th) => th.firstChild.data,
      );
      this.panes = this.servers.map((server) => pane("wt-main", server));
      this.stage.append(this.bar, make("div", "wt-two", ...this.panes), this.live);
      root.prepend(this.stage);
      this.show();
    }

    show() {
      const row = this.places[this.at];
      for (const each of this.places) each.classList.toggle("wt-here", each === row);
      this.said = this.servers.map((server, n) => {
        const link = row.cells[n].querySelector("a");
        const id = link && link.getAttribute("href").slice(1);
        const stop = id && place(id);
        const parts = stop
          ? copies(stop, ":scope > p, .wt-args, .wt-entries, .wt-code, .wt-licence")
          : [make("p", "wt-quiet", "No such stage here.")];
        this.panes[n].replaceChildren(make("p", "wt-label", server), ...parts);
        return `${server}: ${link ? link.textContent : "no such stage"}`;
      });
      this.looks();
    }

    tell() {
      this.live.textContent = `Row ${this.at + 1}: ${this.said.join("; ")}`;
    }
  }

  /* The way of a request as a drawing: a mark goes from stage to stage. */
  class Trip extends Walk {
    constructor(root) {
      super(root.getAttribute("aria-label"), ["prev", "next"]);
      this.root = root;
      this.places = [...root.querySelectorAll(".wt-way li")];
      this.stage.append(this.bar, this.live);
      root.querySelector(".wt-way").before(this.stage);
      this.show();
    }

    show() {
      for (const all of this.root.querySelectorAll(".wt-route, .wt-way")) {
        all.querySelectorAll("a.wt-stop, li").forEach((stop, n) => {
          stop.classList.toggle("wt-here", n === this.at);
        });
        const mark = all.querySelector(".mark");
        if (!mark) continue;
        const { cx, cy } = all.querySelector(".wt-here circle").attributes;
        mark.style = `opacity:1;transform:translate(${cx.value}px,${cy.value}px)`;
      }
      this.looks();
    }

    tell() {
      this.live.textContent = this.places[this.at].textContent;
    }
  }

  /* A long list, which the page has only in part: copies of the rows that are near what
     is seen.  The list itself is not in the page, so that it costs nothing there. */
  class Parts {
    constructor(list, shelf) {
      this.list = list;
      this.rows = [...list.children];
      this.places = new Map(this.rows.map((row) => [row.id, row]));
      this.box = make("div");
      const eye = new IntersectionObserver((seen) => seen.forEach(this.turn, this), {
        rootMargin: "100%",
      });
      for (let from = 0; from < this.rows.length; from += PART) {
        const part = make("div", "wt-part");
        part.dataset.from = from;
        this.box.append(part);
        eye.observe(part);
      }
      // What a reader opens stays open.
      const opened = ({ target }) => {
        fill(target, shelf);
        this.twin(target).open = target.open;
      };
      this.box.addEventListener("toggle", opened, true);
    }

    turn({ target, isIntersecting, boundingClientRect }) {
      if (isIntersecting === !!target.firstChild) return;
      const from = +target.dataset.from;
      const rows = this.list.cloneNode();
      if (isIntersecting) {
        for (const row of this.rows.slice(from, from + PART)) {
          rows.append(row.cloneNode(true));
        }
        target.style.height = "";
        target.append(rows);
      } else {
        // It stays as high as it was, so that nothing below it moves.
        if (boundingClientRect.height) target.style.height = `${boundingClientRect.height}px`;
        target.replaceChildren();
      }
    }

    /* The original of something that can be opened. */
    twin(copy) {
      const row = copy.closest(".wt-steps > li");
      const nth = [...row.querySelectorAll("details")].indexOf(copy);
      return this.places.get(row.id).querySelectorAll("details")[nth];
    }

    /* Opens a fold that is seen as the original is. */
    follow(original) {
      const copy = document.getElementById(original.closest("li").id);
      if (copy) copy.querySelector("details").open = original.open;
    }
  }

  const whole = new WeakMap();

  /* What a page of its own keeps for later: excerpts, and what folds hold. */
  const shelves = new WeakMap();

  const fill = (details, shelf) => {
    const inside = details.querySelector("ol[data-inside]");
    if (!inside) return;
    inside.innerHTML = shelf[inside.dataset.inside];
    inside.removeAttribute("data-inside");
  };

  /* The list of steps of a walkthrough. */
  const unpacked = (root) => {
    const packed = root.querySelector(".wt-all noscript");
    if (packed) {
      const box = make("div");
      box.innerHTML = packed.textContent;
      const shelf = box.querySelector(".wt-shelf");
      if (shelf) shelves.set(root, JSON.parse(shelf.textContent));
      shelf?.remove();
      const list = box.querySelector(".wt-steps");
      const parts = list && list.children.length > LONG && new Parts(list, shelves.get(root));
      if (parts) whole.set(root, parts);
      packed.replaceWith(parts ? parts.box : box);
    }
    return whole.get(root)?.list || root.querySelector(".wt-steps");
  };

  /* The walkthrough that holds a place, which may be packed; and the place. */
  const home = (id) => {
    const [, ident] = id.match(/^(.*)-\d+(-f\d+)?$/) || [];
    return document.getElementById(`${ident}-walk`);
  };

  const place = (id) => {
    const root = home(id);
    if (root) unpacked(root);
    return whole.get(root)?.places.get(id) || document.getElementById(id);
  };

  const kind = (stop) => stop.dataset.lane.split(":")[0];

  const folded = (stop) =>
    stop.querySelector("code").textContent.split(".").slice(-2).join(".");

  /* The address names the step, so that it can be sent to a friend.  Late, because
     browsers refuse addresses that change too often. */
  let late = 0;
  const remember = (id) => {
    clearTimeout(late);
    late = setTimeout(() => history.replaceState(null, "", `#${id}`), 250);
  };

  const steppers = new WeakMap();

  /* What opens the tab that something is in. */
  const opener = (root) => {
    const tab = root.closest(".tabbed-block");
    const inputs = tab?.closest(".tabbed-set").querySelectorAll(":scope > input");
    return inputs?.[[...tab.parentElement.children].indexOf(tab)];
  };

  const reveal = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const root = home(id);
    if (root) equip(root);
    const stepper = steppers.get(root);
    if (!stepper || !stepper.jump || !stepper.jump(id)) return;
    // The browser opens the list to show the step there.
    root.querySelector(".wt-all").open = false;
    opener(root)?.click();
    const tall = stepper.stage.offsetHeight > innerHeight * 0.9;
    stepper.stage.scrollIntoView({ block: tall ? "start" : "center" });
    stepper.stage.focus({ preventScroll: true });
  };

  const equip = (root) => {
    eye.unobserve(root);
    if (steppers.has(root)) return;
    if (root.querySelector(".wt-way")) steppers.set(root, new Trip(root));
    if (root.querySelector(".wt-pairs tbody tr")) steppers.set(root, new Pairs(root));
    if (!unpacked(root)?.querySelector(".wt-step")) return;
    steppers.set(root, new Stepper(root));
  };

  /* What is near gets its stepper: a chapter has ten of them, some in tabs. */
  const eye = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) if (isIntersecting) equip(target);
    },
    { rootMargin: "100%" },
  );

  /* With reduced motion, prose moves nothing. */
  const narrate = () => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const words of document.querySelectorAll(".beside[data-walk]")) {
      const roots = words.dataset.walk.split(" ").map((id) => document.getElementById(id));
      if (roots.includes(null) || steppers.has(words)) continue;
      const eye = new IntersectionObserver(
        ([{ isIntersecting }]) => {
          if (!isIntersecting) return;
          eye.disconnect();
          new Narrative(words, roots);
        },
        { rootMargin: "50%" },
      );
      eye.observe(words);
      steppers.set(words, null);
    }
  };

  const all = () => document.querySelectorAll(".wt");

  const start = () => {
    // At once if it can be seen, so that nothing moves below it.
    const seen = [...all()].filter((root) => {
      const { top, bottom } = root.getBoundingClientRect();
      return bottom > top && top < innerHeight;
    });
    for (const root of all()) eye.observe(root);
    // Unless the address leads away from it, to a step.
    if (!home(decodeURIComponent(location.hash.slice(1)))) seen.forEach(equip);
    narrate();
    reveal();
  };

  /* Paper shows everything. */
  let closed = [];
  addEventListener("beforeprint", () => {
    for (const root of all()) {
      equip(root);
      const parts = whole.get(root);
      if (parts) parts.box.replaceWith(parts.list);
    }
    closed = [...document.querySelectorAll(".wt:not(.wt-slim) details:not([open])")];
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
    for (const root of all()) {
      const parts = whole.get(root);
      if (parts) parts.list.replaceWith(parts.box);
    }
  });
  /* Arrow keys that no other part has walk the stepper that is in view. */
  const shown = (stage) => {
    const { top, bottom } = stage.closest(".wt").getBoundingClientRect();
    return Math.min(bottom, innerHeight) - Math.max(top, 0);
  };
  document.addEventListener("keydown", (event) => {
    const own = event.target.closest(".wt-choice, .wt-listing");
    const free = event.target === document.body || own;
    if (!free || !/^(Arrow(Left|Right)|\?)$/.test(event.key)) return;
    const stages = [...document.querySelectorAll(".wt-stage")];
    const most = stages.sort((a, b) => shown(b) - shown(a))[0];
    if (most && shown(most) > 0) most.dispatchEvent(new KeyboardEvent("keydown", event));
  });
  // A page that adds a walkthrough later says so.
  document.addEventListener("walkthroughs", start);
  addEventListener("hashchange", reveal);
  // Once more: only now has the browser gone to where the address points.
  addEventListener("load", () => requestAnimationFrame(reveal));

  // Now, for what is above this script, and before the theme begins with its own work.
  start();
  // Where a page had to be unpacked first.
  document.addEventListener("walkthroughs", start);
  if (window.document$) window.document$.subscribe(start);
  else document.addEventListener("DOMContentLoaded", start);
})();
