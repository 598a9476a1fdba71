"""Words for the people and animals of somebody's life, as regular expressions. Sources: authored."""

from __future__ import annotations

KIN_ZH = (
    r"(?:老?妈妈?|老?爸爸?|爸妈|父母|父亲|母亲|后妈|继父|继母|养父|养母|爷爷|奶奶|外婆|外公|姥姥|姥爷|祖父|祖母|"
    r"公公|婆婆|岳父|岳母|"
    r"丈母娘|哥哥?|(?:大|小|二|表|堂)哥|弟弟?|(?:大|小|二|表|堂)弟|姐姐?|(?:大|小|二|表|堂)姐|妹妹?|(?:大|小|二|表|"
    r"堂)妹|嫂子|姐夫|"
    r"叔叔?|伯伯|舅舅?|姑姑?|姨妈?|阿姨|侄子|侄女|外甥女?|儿子|女儿|闺女|孩子|宝宝|娃|孙子|孙女|双胞胎|家里?人)"
)
LOVE_ZH = (
    r"(?:老公|老婆|丈夫|妻子|爱人|媳妇|男朋友|女朋友|男友|女友|对象|未婚夫|未婚妻|前任|前男友|前女友|前夫|前妻|"
    r"暗恋的人)"
)
NEAR_ZH = (
    r"(?:大学|高中|初中|小学)?(?:室友|舍友|同学|同桌|同事|朋友|好友|死党|闺蜜|兄弟|哥们儿?|发小|邻居|房东|"
    r"老板|领导|上司|主管|经理|老师|导师|师兄|师姐|学长|学姐|学弟|学妹|医生|咨询师|学生|客户)"
)
RELATION_ZH = rf"(?:最好的|新|亲|小|大|老)?(?:{LOVE_ZH}|{KIN_ZH}|{NEAR_ZH})"
ANIMAL_ZH = (
    r"(?:橘|黑|白|花|布偶|流浪|英短)?(?:狗狗|猫咪|小狗|小猫|狗|猫|兔子|仓鼠|乌龟|鹦鹉|小鸟|金鱼|宠物|毛孩子|金毛|"
    r"柯基|泰迪)"
)

KIN_EN = (
    r"(?:mom|mum|mother|mama|dad|father|papa|parents|folks|step\w+|grand\w+|gran|nan|brothers?|sisters?|siblings?|"
    r"twins?|sons?|"
    r"daughters?|kids?|child|children|baby|aunts?|uncles?|cousins?|niece|nephew|family|(?:mother|father|sister|"
    r"brother)[- ]in[- ]law)"
)
LOVE_EN = (
    r"(?:husband|wife|boyfriend|girlfriend|partner|fianc[eé]e?|spouse|ex(?:[- ](?:husband|wife|boyfriend|girlfriend))?)"
)
NEAR_EN = (
    r"(?:roommates?|flatmates?|housemates?|friends?|mates?|bestie|buddy|co-?workers?|colleagues?|classmates?|boss|"
    r"manager|"
    r"teacher|professor|supervisor|advisor|mentor|neighbou?rs?|landlord|landlady|therapist|doctor|coach)"
)
RELATION_EN = rf"(?:{LOVE_EN}|{KIN_EN}|{NEAR_EN})\b"
ANIMAL_EN = (
    r"(?:dogs?|puppy|puppies|cats?|kittens?|pets?|rabbits?|bunny|hamsters?|parrots?|budgies?|turtles?|tortoise|"
    r"horses?|fish)\b"
)

# Somebody of one's own: 我妈, 我的猫, 我 boyfriend, my younger sister, my dog.
MINE = (
    rf"(?:(?:我|咱|俺)(?:们)?(?:家)?(?:那个|那只|那|这个)?(?:[^，,我你]{{1,3}}的|的)?\s?(?:{RELATION_ZH}|{ANIMAL_ZH}|"
    rf"{RELATION_EN}|{ANIMAL_EN})|"
    rf"\b(?:my|our)\s(?:[\w-]+\s){{0,2}}?(?:{RELATION_EN}|{ANIMAL_EN})|^(?-i:孩子|娃|宝宝|儿子|女儿|闺女|老公|老婆|"
    rf"媳妇|老妈|老爸|爸妈|婆婆|公公|外婆|奶奶|爷爷|外公|姥姥|姥爷|领导|老板|房东|(?:M[ou]m|Dad|Grandma|Grandpa|"
    rf"Granny|Nan)\b))"
)
# Somebody's somebody: 我同事的表妹, my friend's neighbour. They are nobody to the person.
FAR = (
    rf"(?:我|咱)(?:的)?{NEAR_ZH}的?(?:那个)?(?:{RELATION_ZH})|"
    rf"\b(?:my|our)\s(?:[\w-]+\s){{0,2}}?{NEAR_EN}['’]s\s(?:[\w-]+\s){{0,2}}?{RELATION_EN}"
)
