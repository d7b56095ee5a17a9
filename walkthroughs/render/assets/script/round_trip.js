/* The way of a request as a drawing: a mark goes from stage to stage. */

class RoundTrip extends Walk {
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
