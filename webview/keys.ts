/** The key belongs to an input method. Safari and some methods report the Enter that ends a composition by its code. */
export const isComposing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;
