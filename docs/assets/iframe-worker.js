/* Search: what it needs is loaded when somebody begins to search, and from disk, too.
 *
 * On a page from a server the theme asks for the index, a megabyte of it, as soon as the
 * page is there. Here the question waits until the search field has the focus.
 *
 * The theme searches in a Worker. Browsers start none for a page from file://, so
 * there this class runs the worker's script in a hidden frame instead and carries
 * messages to it and back. Pages from a server keep the real Worker.
 */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
    }

    begin() {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.title = "Search worker";
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      inside.importScripts = (...urls) => urls.reduce(
        (before, next) => before.then(() => this.load(next)), Promise.resolve(),
      );
      // A worker's script answers with its global postMessage.
      inside.postMessage = (data) =>
        this.dispatchEvent(new MessageEvent("message", { data }));
      return this.load(new URL(this.url, document.baseURI));
    }

    load(url) {
      return new Promise((resolve, reject) => {
        const script = this.frame.contentDocument.createElement("script");
        script.src = url;
        script.onload = resolve;
        script.onerror = reject;
        this.frame.contentDocument.body.append(script);
      });
    }

    postMessage(data) {
      this.begun ??= this.begin();
      this.begun.then(() => this.frame.contentWindow.dispatchEvent(
        new MessageEvent("message", { data }),
      ));
    }

    terminate() {
      this.frame?.remove();
    }
  };
} else {
  const { open, send } = XMLHttpRequest.prototype;
  const late = new WeakSet();
  const begun = new Promise((begin) => {
    // A link can bring the words to search for along.
    if (new URLSearchParams(location.search).has("q")) begin();
    document.addEventListener("focusin", ({ target }) => {
      if (target.matches("[data-md-component=search-query]")) begin();
    });
  });
  XMLHttpRequest.prototype.open = function (method, url, ...more) {
    if (String(url).endsWith("/search_index.json")) late.add(this);
    open.call(this, method, url, ...more);
  };
  XMLHttpRequest.prototype.send = function (...body) {
    if (late.has(this)) begun.then(() => send.apply(this, body));
    else send.apply(this, body);
  };
}
