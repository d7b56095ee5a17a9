/* Search on pages opened from disk.
 *
 * The theme searches in a Worker. Browsers start none for a page from file://, so
 * there this class runs the worker's script in a hidden frame instead and carries
 * messages to it and back. Pages from a server keep the real Worker.
 */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
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
      this.loaded = this.load(new URL(url, document.baseURI));
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
      this.loaded.then(() => this.frame.contentWindow.dispatchEvent(
        new MessageEvent("message", { data }),
      ));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
