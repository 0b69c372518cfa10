import { ann, type CardHouse, createCardHouse, entryIn, requestOf, settle } from './cardHouse.ts';

/** A question of a job that the user began in that chat. */
export const asked = async (
  chatId: number = ann.userId,
  userId: number = ann.userId,
  prompt: Parameters<typeof requestOf>[2] = {},
): Promise<CardHouse> => {
  const house = createCardHouse();
  house.entries.set('job', entryIn(chatId, userId));
  house.ask(requestOf('step', 'job', prompt));
  await settle();
  return house;
};

export const texts = (house: CardHouse, chatId: number): string[] =>
  house.courier.inChat(chatId).map(({ text }) => text.plain);
export const chatsWithCards = (house: CardHouse): number[] => [
  ...new Set(
    house.courier.arrived
      .filter((each) => house.courier.buttonsOf(each).length > 0)
      .map(({ chatId }) => chatId),
  ),
];
export const cardsKept = (house: CardHouse) => house.store.listCards('bot');
