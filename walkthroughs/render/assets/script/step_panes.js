/* Shows one step: its name, code, call stack, times, and the ASGI event. */

const QUEUE_DRAWN = 8;

const kind = (stop) => stop.dataset.lane.split(":")[0];

const folded = (stop) =>
  stop.querySelector("code").textContent.split(".").slice(-2).join(".");

class StepPanes extends Steps {
  constructor(root) {
    super(root);
    this.passes = this.list.querySelector("[data-direction]");
    this.head = make("div", "wt-top");
    this.code = pane("wt-main", "Source");
    this.side = pane("wt-side", "State");
    this.foot = make("div", "wt-foot");
  }

  showStep(stop) {
    this.showHead(stop);
    this.showCode(stop);
    this.side.replaceChildren(...this.showSide(stop));
    this.showFoot();
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
}
