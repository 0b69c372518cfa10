/** The storage thread answers in between, too. */
export { inSlices, type Sliced } from '../core/slices.ts';
