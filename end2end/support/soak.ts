/** Whether the long forms run, with `make soak`. */
const SOAK = !!process.env['SOAK'];

/** The amount for a normal run, or for a soak, which has more time. */
export const soak = <T>(usual: T, atLength: T) => (SOAK ? atLength : usual);
