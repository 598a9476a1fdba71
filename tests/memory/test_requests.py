"""Orders to the memory, and what only sounds like one. All lines are authored."""

import pytest

from memory.requests import Request, memory_request

# said > kind: what it is about
ORDERS = """
忘掉刚才说的 > forget: 
别记这个 > forget: 
把我前男友的事忘了 > forget: 我前男友
删掉关于我妈的记忆 > forget: 我妈
你记错了，我不叫小雨，我叫小语 > correct: 我不叫小雨，我叫小语
forget that > forget: 
forget what I said about my ex > forget: my ex
don't remember this > forget: 
delete what you know about my job > forget: my job
you got my name wrong, it's Anna > correct: it's Anna
你都记得我什么 > list: 
what do you know about me > list: 
请忘掉我刚才说的话 > forget: 
把刚才那段话删掉吧 > forget: 
这个别记了 > forget: 
能不能把关于我爸的事情删掉？ > forget: 我爸
Please forget what I just said. > forget: 
can you delete everything you know about my ex? > forget: my ex
What do you remember about me? > list: 
你还记得我哪些事？ > list: 
你知道我什么 > list: 
我希望你忘掉刚才的话 > forget: 
你把这件事忘了吧 > forget: 
把这个删了 > forget: 
你把我的名字记错了 > correct: 我的名字
你记错我的名字了，我叫小语 > correct: 我叫小语
you remembered it wrong, I live in Leeds > correct: I live in Leeds
tell me what you know about my mom > list: my mom
关于我的工作你都记得什么 > list: 我的工作
不要记住我说的这些 > forget: 
Don't save that please > forget: 
forget everything I told you about Tom > forget: Tom
删除我和前男友的记忆 > forget: 我和前男友
你搞错了，我住在上海 > correct: 我住在上海
"""
NO_ORDERS = """
我忘不了他
忘了带钥匙
别忘了提醒我
我想忘掉他
你忘了吗
I'll never forget
forget it
don't forget
算了忘了吧
忘了吧
forget about it
I want to forget him
我忘了你说什么
我想把他忘了
我妈让我把这件事忘了
I forgot that
I can't forget that
把他忘了
忘掉他吧
我把钥匙忘了
don't forget that I have an exam
Forget that guy
你忘了我说的话
把那些不开心的事忘了吧
你知道我为什么难过吗
you got that wrong
what do you know about cats
别记恨他
不要记仇
I told him to forget that
He said forget that
你还记得我吗
do you remember me
我记错了
他记错了时间
把照片删了吧
我把他的微信删了
删掉他的微信
forget what I said, he did
if I forget that, remind me
I wish I could forget that
你怎么忘了
刚才说的我忘了
let me forget this
我都忘了刚才说的
我刚才说的你忘了
I don't remember that
I don't remember what I said about him
You have it all wrong about me, I'm fine
记住这个
remember this
忘了他的事
想把前男友的事忘了
我要把我前男友的事忘了
我好想忘记关于他的事
怎么才能忘掉这件事
努力忘掉这件事
把这件事忘了吧
忘掉这件事吧
忘了这件事吧
不用记
你把我的事忘了吧
你把我忘了
他把我的生日忘了
别记在心上
不要记住这种感觉
把这道题删了
删掉这张照片
删掉聊天记录
how do I forget him
let's forget this
forget that, I'll never make it
what do you know about love
你知道我有多难过吗
你知道我什么感觉
你记错了吗
别存这么多钱
都过去了，忘掉这些吧
"""


@pytest.mark.parametrize("line", ORDERS.strip().splitlines())
def test_a_clear_order_is_understood(line: str) -> None:
    said, _, expected = line.partition(" > ")
    found = memory_request(said)
    assert found is not None and f"{found.kind}: {found.about}".strip() == expected.strip()


@pytest.mark.parametrize("said", NO_ORDERS.strip().splitlines())
def test_a_feeling_an_idiom_or_a_reminder_deletes_nothing(said: str) -> None:
    assert memory_request(said) is None


def test_an_order_is_found_after_other_words() -> None:
    assert memory_request("今天好累。忘掉刚才说的。") == Request("forget", "")


@pytest.mark.parametrize("said", ["", "   ", "嗯", "。", "?", "忘", "forget"])
def test_next_to_nothing_is_no_order(said: str) -> None:
    assert memory_request(said) is None
