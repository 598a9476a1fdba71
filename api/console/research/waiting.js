// Looking again after a while: each look is written down, so nobody looks while the page is not seen.

/** Do it in so many ms, or as soon as the page is seen again after them; what comes back, calls it off. */
export function later(ms, work) {
  const go = () => {
    if (document.hidden) document.addEventListener("visibilitychange", go, { once: true });
    else work();
  };
  const timer = setTimeout(go, ms);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", go);
  };
}
