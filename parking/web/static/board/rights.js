/* What a key may do on the board; the service decides all the same. */

/** Whether it may see a lot's sensors and log, recount, void, close and open it. */
export const mayRun = (session, lot) =>
  session.role === "admin" || (session.role === "operator" && session.operator === lot.operator);

/** Whether it is told of a lot's quality and activity. */
export const mayJudge = (session, lot) => session.role === "planner" || mayRun(session, lot);

export const mayManageKeys = (session) => session.role === "admin";
