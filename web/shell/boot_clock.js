// Milliseconds since the page began that never go back and count sleep. performance.now() stands still in some browsers
// while the machine sleeps; Date.now() goes on, but may be set.
export function bootClock(steady = () => performance.now(), wall = () => Date.now()) {
  const slept = 2000;  // less is the wall clock being set right, or read a moment later
  let ahead = 0, wallBegan = wall(), steadyBegan = steady();
  return () => {
    const passed = steady() - steadyBegan, missing = wall() - wallBegan - passed;
    if (missing > slept) { ahead += missing; wallBegan += missing; }
    else if (missing < -slept) wallBegan += missing;  // it was set back
    return passed + ahead;
  };
}
