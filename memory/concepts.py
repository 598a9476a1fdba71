"""Words of everyday life that speak of one matter: who asks after "that instrument" told of a guitar. Pure, authored.

A sentence embedder of half a thousand dimensions does not know that 办酒席 is a wedding. Each line is one matter, zh
and en together; a word may stand in several. They count as a search term of their own, less than a shared word does.
"""

from __future__ import annotations

import re
from functools import cache

_MATTERS = """
婚礼 婚期 酒席 喜酒 婚宴 婚纱 结婚 领证 订婚 彩礼 伴娘 伴郎 wedding marriage married
分手 离婚 分开 前任 前男友 前女友 复合 劈腿 breakup divorce ex
男朋友 女朋友 对象 老公 老婆 媳妇 丈夫 妻子 爱人 在一起 恋爱 脱单 约会 相亲 boyfriend girlfriend husband wife date
怀孕 孕期 预产期 顺产 剖腹产 坐月子 产假 月嫂 pregnant maternity
喂奶 母乳 奶粉 吃奶 断奶 辅食 formula
孩子 宝宝 娃 小孩 闺女 女儿 儿子 小子 带孩子 看孩子 保姆 阿姨 babysitter kid kids baby daughter son nanny
爸妈 父母 爸爸 妈妈 老爸 老妈 我爸 我妈 家里人 家里 parents mom mum dad mother father
爷爷 奶奶 外公 外婆 姥姥 姥爷 老人家 老太太 老爷子 婆婆 公公 岳母 岳父 老丈人 丈母娘 grandma grandpa
去世 走了 过世 离世 葬礼 追悼会 陵园 墓 扫墓 清明 节哀 没了 passed died funeral
吵架 吵 闹 翻脸 冷战 摔门 打架 矛盾 闹别扭 argue fight quarrel
朋友 闺蜜 哥们 兄弟 死党 发小 friend bestie buddy
同事 领导 老板 主管 上司 老总 组长 护士长 同组 boss manager colleague
工作 上班 单位 公司 岗位 职位 入职 搬砖 干活 跳槽 实习 就业 打工 offer job work company office career startup
辞职 离职 裁员 失业 辞退 开除 quit fired resign
工资 薪水 月薪 收入 年终奖 奖金 涨薪 挣 赚 一个月 salary bonus pay
钱 花了 多少钱 价格 费用 学费 押金 贷款 房贷 便宜 贵 money cost price loan tuition
夜班 倒班 值班 早班 白班 排班 熬夜 门诊 shift
加班 出差 deadline 项目 客户 开会 project client meeting
培训 讲师 讲课 授课 新人 徒弟 带教 带人 师傅 出师 trainer mentor apprentice
面试 简历 求职 找工作 校招 秋招 interview resume
考试 考研 中考 高考 研究生 成绩 分数 补考 复习 论文 exam test grade thesis
学校 大学 高中 初中 一中 专业 上学 念书 读书 毕业 校队 school university college
英语 外语 单词 口语 语文 数学 English
老师 班主任 导师 教授 teacher professor
房子 租房 房租 房东 搬家 合租 租 住 地址 寄 快递 城市 小区 单间 apartment rent landlord address city
楼 电梯 爬楼 一楼 六楼 装修 stairs
车 开车 新车 驾照 电车 电动 烧气 动力 跑车 出车 长途 拉货 堵车 car drive driving truck
旅行 旅游 出去玩 玩了一趟 景点 机票 酒店 爬山 徒步 日出 云海 海边 trip travel vacation flight hiking
钓鱼 钓 河边 甩竿 鱼竿 fishing
猫 猫咪 橘猫 奶猫 喵 cat kitten
狗 狗狗 小狗 老狗 遛狗 毛孩子 柯基 金毛 柴犬 dog puppy
宠物 毛孩子 兽医 宠物医院 疫苗 误食 pet vet
生病 病 住院 医院 医生 大夫 手术 开刀 片子 复查 化疗 体检 检查 复诊 hospital doctor surgery sick
肺 咳嗽 呼吸科 气喘 哮喘 lung cough
牙 后槽牙 种牙 拔牙 牙医 牙套 蛀牙 tooth dentist
膝盖 腿 腰 脚 腿疼 腰疼 扭伤 骨折 拔火罐 knee leg back
胃 肚子 拉肚子 胃疼 糜烂 吃坏 中毒 食物中毒 stomach poisoning
感冒 发烧 头疼 鼻子 着凉 用药 过敏 青霉素 忌口 cold fever headache allergy allergic medicine
海鲜 虾 螃蟹 蟹 鱼 seafood shrimp
睡眠 失眠 睡不着 早醒 做梦 困 犯困 提神 sleep insomnia tired
咖啡 美式 拿铁 提神 茶 大麦茶 奶茶 coffee tea
吃素 素食 荤 牛肉 牛排 肉 烤肉 steakhouse vegetarian vegan steak meat
辣 火锅 重口味 红锅 川菜 spicy hotpot
面包 烘焙 蛋糕 吐司 面包店 甜点 bakery bread baking cake
菌子 蘑菇 菌 mushroom
做饭 下厨 厨房 菜 饭 吃饭 餐厅 cook cooking dinner restaurant
烟 抽烟 戒烟 香烟 smoke smoking cigarette
酒 喝酒 啤酒 白酒 醉 戒酒 drink beer wine
跑步 晨跑 游泳 健身 锻炼 运动 瑜伽 公里 workout gym run running swim exercise yoga
篮球 球队 校队 场上 后卫 前锋 三分 投篮 进球 没进 比赛 教练 位置 得分 basketball coach game
足球 羽毛球 乒乓 网球 football soccer tennis
唱歌 合唱 合唱团 女低音 卡拉OK KTV choir sing singing
琴 吉他 钢琴 乐器 弹琴 弹唱 弦 和弦 古筝 小提琴 guitar piano instrument violin
画画 画 画室 素描 油画 墙上 paint painting drawing
照片 摄影 相机 拍照 影展 展览 展 camera photo exhibition
纹身 刺青 纹 tattoo
毛线 织 围巾 毛衣 编织 手工 knitting scarf
衣服 裙子 鞋 外套 穿 婚纱 试衣 dress clothes shoes
电影 电视剧 追剧 综艺 movie film show
书 看书 小说 书店 写字 日记 book bookstore novel
游戏 打游戏 王者 原神 game gaming
手机 电脑 平板 手表 微信 phone laptop
店 开店 铺子 书店 民宿 生意 摆摊 客人 shop store business
生日 过生日 蛋糕 礼物 惊喜 周岁 birthday gift surprise
过年 春节 年夜饭 红包 国庆 中秋 五一 假期 放假 holiday festival
哭 难过 伤心 心情 低落 自责 崩溃 low down sad cry
害怕 担心 紧张 焦虑 怕 worry anxious nervous scared
开心 高兴 激动 好消息 升职 夸 happy excited promoted
丢人 尴尬 出丑 embarrassed awkward
疤 伤口 缝针 缝 烫伤 划伤 scar stitches
将来 以后 梦想 打算 计划 dream future plan
一个人 独自 单身 孤单 寂寞 alone single lonely
"""
_HAN = re.compile("[\u4e00-\u9fff]")
MARK = "§"  # before the number of a matter, so that no word is taken for one


@cache
def _of_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(_MATTERS.strip().splitlines()):
        for word in line.lower().split():
            found[word] = (*found.get(word, ()), f"{MARK}{number}")
    return found


@cache
def _sizes() -> dict[str, tuple[int, ...]]:
    """First character -> lengths of the words that begin with it, longest first."""
    known: dict[str, set[int]] = {}
    for word in _of_word():
        known.setdefault(word[0], set()).add(len(word))
    return {first: tuple(sorted(sizes, reverse=True)) for first, sizes in known.items()}


def matters(text: str) -> list[str]:
    """Marks of the matters that a text speaks of, each once, in order; of a text with Han in it. text: lower case.

    Among English alone they did not help: there the embedder joins such words by itself.
    """
    if not _HAN.search(text):
        return []
    of, sizes = _of_word(), _sizes()
    found: dict[str, None] = {}
    at = 0
    while at < len(text):
        if text[at].isascii() and text[at].isalnum():  # a Latin word is one as a whole
            end = at + 1
            while end < len(text) and text[end].isascii() and text[end].isalnum():
                end += 1
            found |= dict.fromkeys(of.get(text[at:end], ()))
            at = end
            continue
        size = next((n for n in sizes.get(text[at], ()) if text[at : at + n] in of), 0)
        found |= dict.fromkeys(of[text[at : at + size]] if size else ())
        at += size or 1
    return list(found)
