from memory.profile import Profile, slot_of
from memory.types import Claim, Memory, MemoryKind, Sensitivity, Slot

_NOW = 1_790_000_000.0
_DAY = 86_400.0


def _memory(
    id: str, text: str, kind: MemoryKind = MemoryKind.PROFILE, slot: Slot | None = None, **fields: object
) -> Memory:
    return Memory(id=id, user_id="u", kind=kind, text=text, slot=slot, **{"learned_at": _NOW - _DAY, **fields})  # type: ignore[arg-type]


def test_nothing_known_is_an_empty_profile() -> None:
    profile = Profile.of([], _NOW)
    assert profile.empty and profile.hotwords() == () and profile.get(Slot.HOME) == ()


def test_a_kind_stands_for_a_slot_where_none_is_given() -> None:
    profile = Profile.of(
        [
            _memory("a", "我妈是老师", MemoryKind.RELATIONSHIP),
            _memory("b", "我的猫叫团子", MemoryKind.RELATIONSHIP),
            _memory("c", "我喜欢爬山", MemoryKind.PREFERENCE),
            _memory("d", "我担心房租", MemoryKind.WORRY),
            _memory("e", "下周三要面试", MemoryKind.EVENT),
            _memory("f", "我打算考研", MemoryKind.PROMISE),
        ],
        _NOW,
    )
    assert {slot: [m.id for m in held] for slot, held in profile.slots.items()} == {
        Slot.PEOPLE: ["a"],
        Slot.PETS: ["b"],
        Slot.WORRIES: ["d"],
        Slot.LIKES: ["c"],
    }
    assert slot_of(_memory("g", "my friend loves dogs", MemoryKind.RELATIONSHIP)) is Slot.PEOPLE


def test_what_no_longer_holds_and_what_is_a_crisis_stays_out() -> None:
    profile = Profile.of(
        [
            _memory("old", "我住在北京", slot=Slot.HOME, valid_to=_NOW - 1),
            _memory("new", "我搬到苏州了", slot=Slot.HOME),
            _memory("hit", "他喝醉了会打我", MemoryKind.RELATIONSHIP, sensitivity=Sensitivity.CRISIS),
            _memory("quit", "我辞职了", slot=Slot.WORK, claim=Claim("job", "", holds=False)),
            _memory(
                "dislike", "我讨厌香菜", MemoryKind.PREFERENCE, claim=Claim("likes/香菜", "香菜", False, holds=False)
            ),
        ],
        _NOW,
    )
    assert [m.id for m in profile.get(Slot.HOME)] == ["new"]
    assert [m.id for m in profile.get(Slot.LIKES)] == ["dislike"]
    assert Slot.PEOPLE not in profile.slots and Slot.WORK not in profile.slots


def test_what_there_is_one_of_keeps_the_surest_newest_most_repeated() -> None:
    one = _memory("one", "我叫小雨", slot=Slot.ADDRESS, confidence=0.6)
    sure = _memory("sure", "叫我阿泽", slot=Slot.ADDRESS, confidence=0.95)
    assert [m.id for m in Profile.of([one, sure], _NOW).get(Slot.ADDRESS)] == ["sure"]
    old = _memory("old", "我喜欢爬山", MemoryKind.PREFERENCE, learned_at=_NOW - 900 * _DAY)
    new = _memory("new", "我喜欢游泳", MemoryKind.PREFERENCE)
    often = _memory("often", "我喜欢画画", MemoryKind.PREFERENCE, evidence=("a", "b", "c", "d"))
    assert [m.id for m in Profile.of([old, new, often], _NOW).get(Slot.LIKES)] == ["often", "new", "old"]


def test_the_order_does_not_depend_on_the_order_given() -> None:
    several = [_memory(id, f"我喜欢{id}", MemoryKind.PREFERENCE) for id in "bca"]
    assert Profile.of(several, _NOW).slots == Profile.of(several[::-1], _NOW).slots


def test_names_are_what_a_recogniser_should_expect() -> None:
    profile = Profile.of(
        [
            _memory("a", "我叫小雨", slot=Slot.ADDRESS),
            _memory("b", "我女朋友叫小满，她是老师", MemoryKind.RELATIONSHIP),
            _memory("c", "我家养了两只猫，一只叫年糕一只叫汤圆", MemoryKind.RELATIONSHIP),
            _memory("d", "My dog is called Max", MemoryKind.RELATIONSHIP),
            _memory("e", "I just moved to Berlin", slot=Slot.HOME),
            _memory("f", "我住在成都", slot=Slot.HOME),
            _memory("g", "我妈叫我早点睡", MemoryKind.RELATIONSHIP),
            _memory("h", "我男朋友叫 Kevin", MemoryKind.RELATIONSHIP),
            _memory("i", "我喜欢爬山", MemoryKind.PREFERENCE),
        ],
        _NOW,
    )
    assert set(profile.hotwords()) == {"小雨", "小满", "年糕", "汤圆", "Max", "Berlin", "成都", "Kevin"}
    assert profile.hotwords()[0] == "小雨"
    assert len(profile.hotwords(limit=3)) == 3 and profile.hotwords(limit=0) == ()
