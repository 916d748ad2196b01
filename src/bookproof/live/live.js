// Sent by `bookproof watch` with each page: reloads it, and shows what the
// check found. No built page holds this.
(() => {
  const shown = Number(document.currentScript.dataset.weaving);
  const style = `
    :host { all: initial; }
    section { position: fixed; inset: auto 0 0 0; z-index: 9999;
      font: 14px/1.4 ui-monospace, monospace; color: #fff;
      background: #7a1f12; }
    section.quiet { inset: auto 0 0 auto; background: #444; }
    header { display: flex; justify-content: space-between;
      padding: .4em 1em; }
    pre { margin: 0; padding: 0 1em 1em; max-height: 40vh; overflow: auto;
      white-space: pre-wrap; font: inherit; }
    button { all: unset; cursor: pointer; text-decoration: underline; }
    button:focus-visible { outline: 2px solid #fff; }`;
  const host = document.createElement("div");
  host.id = "bookproof-live";
  const root = host.attachShadow({ mode: "open" });
  let hidden = null; // what the reader has put away

  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text; // words of the book are never markup here
    return made;
  }

  function say(title, problems) {
    root.replaceChildren(element("style", style));
    if (title === "" || problems === hidden) return;
    const box = element("section", "");
    box.setAttribute("role", "status");
    const head = element("header", "");
    head.append(element("span", title));
    box.append(head);
    if (problems) {
      const close = element("button", "hide");
      close.onclick = () => { hidden = problems; say("", ""); };
      head.append(close);
      box.append(element("pre", problems));
    } else {
      box.className = "quiet";
    }
    root.append(box);
  }

  const events = new EventSource("/bookproof-live/events");
  events.onmessage = (event) => {
    const state = JSON.parse(event.data);
    if (state.weaving !== shown) {
      events.close();
      location.reload();
    } else if (state.busy) {
      say("checking the book …", state.problems);
    } else {
      say(state.problems ? "not everything holds" : "", state.problems);
    }
  };
  events.onerror = () => say("bookproof watch has ended", "");
  document.body.append(host);
})();
