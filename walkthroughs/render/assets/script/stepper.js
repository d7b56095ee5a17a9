/* The stepper in its page: the listing, the picture and the list control it, and it
   highlights the step in each of them. */

const SWIPE = 40;

class Stepper extends StepPanes {
  /* `root` has the steps; `host` the listing, and the links that lead to them. */
  constructor(root, host = root) {
    super(root);
    this.root = root;
    this.host = host;
    this.parts = whole.get(root);
    this.marked = [];
    this.link();
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

  build() {
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
        // Once for all that open together, as those of a long list do for printing.
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

  fold(open) {
    this.open(this.nextFold(), open);
    this.go(open ? this.at + 1 : this.at);
    this.stage.focus({ preventScroll: true });
  }

  /* Goes to the step of an address; false if it is not in this walkthrough. */
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

  show() {
    const stop = this.here;
    this.showStep(stop);
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
