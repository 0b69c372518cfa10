import { Component, type ComponentChildren, type FunctionComponent, h } from 'preact';

const differs = (a: object, b: object): boolean => {
  const before = Object.entries(a);
  return (
    before.length !== Object.keys(b).length ||
    before.some(([key, value]) => !Object.is(value, Reflect.get(b, key)))
  );
};

/** A component that is drawn again only when one of its properties is another. (preact/compat has one, in 10 KB.) */
export const memo = <P extends object>(
  inner: FunctionComponent<P>,
  isOther: (before: P, after: P) => boolean = differs,
) =>
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return isOther(this.props, next);
    }
    override render(): ComponentChildren {
      return h(inner, this.props);
    }
  };
