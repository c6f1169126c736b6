// Reloads the page when what it shows has changed. Scrolling survives a reload by itself.
"use strict";
(async () => {
  let shown = null;
  for (;;) {
    try {
      const answer = await fetch("/version.txt", { cache: "no-store" });
      const version = await answer.text();
      if (answer.ok) {
        if (shown !== null && version !== shown) {
          location.reload();
          return;
        }
        shown = version;
      }
    } catch {
      // The server is being restarted; ask again.
    }
    await new Promise((resume) => setTimeout(resume, 1000));
  }
})();
