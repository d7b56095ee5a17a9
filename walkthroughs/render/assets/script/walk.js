/* Moves through places by button, key or slider, or by playing. */

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
