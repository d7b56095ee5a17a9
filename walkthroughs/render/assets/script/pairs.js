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
