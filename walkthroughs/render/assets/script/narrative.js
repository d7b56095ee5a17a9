/* Prose beside a walkthrough.  A second stepper shows the step of the last name
   scrolled past.  Of several versions in tabs, it follows the selected one. */

const READING = 0.4;

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
      // Do not announce it or change the URL: nobody asked for this step.
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
