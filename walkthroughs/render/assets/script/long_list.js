/* A long list.  It is not in the page, where it would be slow: the page has copies of
   the rows near what is seen. */

const PART = 50;

class LongList {
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
