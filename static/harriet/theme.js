// Sets the chosen colours before the first paint; nothing chosen: as the system says.
(function () {
  document.documentElement.dataset.js = "";
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage is off in this browser: the system decides.
  }
})();
