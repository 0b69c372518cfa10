import { Component, type ComponentChildren } from 'preact';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { memo } from '../memo.ts';
import { AssistantMessage } from './AssistantMessage.tsx';
import { Notice } from './Notice.tsx';
import { StepCard } from './StepCard.tsx';
import { UserMessage } from './UserMessage.tsx';

export interface ItemProps {
  readonly item: ChatItem;
  /** Buttons under an error only make sense while nothing came after it. */
  readonly isLast: boolean;
}

/** Keeps one item that cannot be drawn from taking the view with it. */
class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  static override getDerivedStateFromError = () => ({ failed: true });
  override state = { failed: false };
  override render(): ComponentChildren {
    return this.state.failed ? (
      <p class="ending">This part of the chat could not be shown. It is kept, and the rest goes on.</p>
    ) : (
      this.props.children
    );
  }
}

const draw = (item: ChatItem, isLast: boolean) => {
  switch (item.kind) {
    case 'user':
      return <UserMessage item={item} />;
    case 'assistant':
      return <AssistantMessage item={item} />;
    case 'step':
      return <StepCard record={item.record} jobId={item.jobId} />;
    case 'notice':
      return <Notice notice={item.notice} isLast={isLast} />;
  }
};

const Drawn = ({ item, isLast }: ItemProps) => draw(item, isLast);

/** `Drawn` is a component of its own, so that what it throws reaches the guard. */
export const Item = memo((props: ItemProps) => (
  <Guard>
    <Drawn {...props} />
  </Guard>
));
