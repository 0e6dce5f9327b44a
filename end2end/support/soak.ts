/** Whether the long forms run: `make soak` sets it. */
const SOAK = !!process.env['SOAK'];

/** How much of something guards a change, or in a soak, which has the time to prove it at length. */
export const soak = <T>(usual: T, atLength: T) => (SOAK ? atLength : usual);
