"""The published code list: every reason with its texts in English and Slovene (A11).

Each text says what would be right. Only codes travel in notices, free text only with E14; the
texts are sent in acknowledgements and published at GET /codes.
"""

from broker.engine.code_list_at_the_door import AT_THE_DOOR
from broker.engine.code_list_entries import Entry, Use
from broker.engine.code_list_of_shared_supply import OF_SHARED_SUPPLY
from broker.messages.reasons import Reason

__all__ = ["CODE_LIST", "Entry", "Use"]

CODE_LIST: dict[Reason, Entry] = {
    Reason.POINT_NOT_IDENTIFIABLE: Entry(
        "The point is not identifiable: accounting point, metering site and distribution area"
        " must name one point of the operator's register.",
        "Merilne točke ni mogoče določiti: obračunska merilna točka, merilno mesto in "
        "distribucijsko območje morajo označevati isto točko v evidenci operaterja.",
        (Use.REQUEST, Use.READING, Use.MESSAGE, Use.MASTER_DATA),
    ),
    Reason.OTHER: Entry(
        "Another reason; the text given with the code states it.",
        "Drug razlog; naveden je v besedilu ob šifri.",
        (
            Use.REQUEST,
            Use.READING,
            Use.DIVISION,
            Use.OBJECTION,
        ),
    ),
    Reason.UNAUTHORISED_SUPPLIER: Entry(
        "A chosen supplier, or the one that asks for data, is not a registered, active supplier, "
        "or the applicant is not the chosen supplier of every direction that changes.",
        "Izbrani dobavitelj ali dobavitelj, ki zahteva podatke, ni registriran in dejaven ali pa "
        "vlagatelj ni izbrani dobavitelj v vsaki smeri, ki se spreminja.",
        (Use.REQUEST, Use.MASTER_DATA, Use.MESSAGE),
    ),
    Reason.REQUESTED_DATE_NOT_WITHIN_LIMITS: Entry(
        "The requested date must not be in the past and at most six months ahead.",
        "Želeni datum ne sme biti v preteklosti in sme biti največ šest mesecev vnaprej.",
        (Use.REQUEST,),
    ),
    Reason.UNAUTHORISED_BALANCE_RESPONSIBLE: Entry(
        "A chosen supplier, or the one that asks for data, has not proved that it belongs to a "
        "balance group.",
        "Izbrani dobavitelj ali dobavitelj, ki zahteva podatke, ni izkazal članstva v bilančni "
        "skupini.",
        (Use.REQUEST, Use.MASTER_DATA, Use.MESSAGE),
    ),
    Reason.READING_NOT_WITHIN_LIMITS: Entry(
        "The reading is not valid: it must not be in the future or before the last reading, "
        "no value may have more digits than its register or go backwards.",
        "Odčitek ni veljaven: ne sme biti iz prihodnosti ali starejši od zadnjega odčitka, "
        "vrednost ne sme imeti več mest kot številčnik in se ne sme zmanjšati.",
        (Use.READING, Use.MESSAGE),
    ),
    Reason.POINT_BLOCKED_FOR_SWITCHING: Entry(
        "Another request is in progress at the delivery point; the first one received is "
        "processed (191(3)). Apply again when it is concluded.",
        "Na prevzemno-predajnem mestu že teče druga zahteva; obravnava se prva prispela "
        "(191(3)). Vložite novo po njenem zaključku.",
        (Use.REQUEST, Use.MESSAGE),
    ),
    Reason.NO_SELF_SUPPLY_CONTRACT: Entry(
        "At a self-supply point one supplier takes both directions and its contract shows "
        "supply under self-supply conditions.",
        "Na mestu samooskrbe je dobavitelj v obeh smereh isti, iz pogodbe pa mora izhajati "
        "dobava pod pogoji samooskrbe.",
        (Use.REQUEST,),
    ),
    Reason.NO_VALID_GRID_ACCESS_CONTRACT: Entry(
        "The supplier pays the network charge only with a contract with the operator and the "
        "customer's consent to one bill, never with shared supply; name the customer as payer.",
        "Dobavitelj plačuje omrežnino le s pogodbo z operaterjem in soglasjem uporabnika z enotnim "
        "računom, pri deljeni dobavi nikoli; kot zavezanca navedite uporabnika.",
        (Use.REQUEST, Use.MESSAGE),
    ),
    Reason.NO_ONGOING_SWITCH: Entry(
        "There is no ongoing switch of yours with this number at this point.",
        "Na tej točki ne teče vaša menjava dobavitelja s to številko.",
        (Use.MESSAGE,),
    ),
    Reason.INVALID_PERIOD: Entry(
        "The contract's validity leaves no day of the reading period on which to switch.",
        "Veljavnost pogodbe ne pokriva nobenega dne v obdobju za odčitek.",
        (Use.REQUEST,),
    ),
    Reason.ALREADY_EXISTING_RELATION: Entry(
        "The chosen suppliers are the present ones; at least one direction must change.",
        "Izbrani dobavitelji so že sedanji; spremeniti se mora vsaj ena smer.",
        (Use.REQUEST,),
    ),
    Reason.METER_NOT_IDENTIFIABLE: Entry(
        "The serial number is not that of the installed meter.",
        "Tovarniška številka ni številka nameščenega števca.",
        (Use.READING, Use.MESSAGE),
    ),
    Reason.REGISTER_NOT_IDENTIFIABLE: Entry(
        "There must be one value for every register of the meter and for no other.",
        "Za vsak številčnik števca mora biti naveden natanko en odčitek in za nobenega drugega.",
        (Use.READING, Use.MESSAGE),
    ),
    Reason.POINT_NOT_CONNECTED: Entry(
        "Only a connected, metered accounting point can be switched.",
        "Menjava je mogoča le na priključeni obračunski merilni točki s števcem.",
        (Use.REQUEST,),
    ),
    Reason.READING_BEYOND_PLAUSIBILITY: Entry(
        "The reading departs from the average daily consumption; correct it or give the "
        "reason for the departure.",
        "Odčitek odstopa od povprečne dnevne porabe; popravite ga ali navedite razlog za "
        "odstopanje.",
        (Use.READING, Use.MESSAGE),
    ),
    Reason.CONTRACTING_PARTY_MISMATCH: Entry(
        "The contracting party does not match the customer in the register.",
        "Pogodbena stranka ni enaka uporabniku v evidenci.",
        (Use.REQUEST, Use.MASTER_DATA),
    ),
    Reason.CONTRACT_DOES_NOT_MATCH_REQUEST: Entry(
        "Each new supplier brings its contract, whose parties and point numbers are those of "
        "the request.",
        "Vsak novi dobavitelj priloži pogodbo, ki navaja iste stranke in številke kot zahteva.",
        (Use.REQUEST,),
    ),
    Reason.DIRECTIONS_DO_NOT_MATCH_POINT: Entry(
        "The request names one supplier for each direction the point has and for no other.",
        "Zahteva navaja dobavitelja za vsako smer, ki jo točka ima, in za nobeno drugo.",
        (Use.REQUEST, Use.MESSAGE),
    ),
    Reason.SHARES_DO_NOT_ADD_UP: Entry(
        "The shares do not add up to exactly one.",
        "Deleži dobave se ne seštejejo natanko v ena.",
        (Use.REQUEST, Use.DIVISION),
    ),
    Reason.NO_READING_WITHIN_PERIOD: Entry(
        "No valid reading was received within the reading period.",
        "V obdobju za odčitek ni prispel veljaven odčitek.",
        (Use.FAILURE,),
    ),
    Reason.READING_OUTSIDE_PERIOD: Entry(
        "The reading must be taken and received within the reading period, which begins with "
        "the approval or the later requested date.",
        "Odčitek mora biti opravljen in prejet v obdobju za odčitek, ki se začne z "
        "odobritvijo ali s poznejšim želenim datumom.",
        (Use.READING, Use.MESSAGE),
    ),
    Reason.READING_ALREADY_UNDER_REVIEW: Entry(
        "A reading of this switch is already under review; only one that needs no review is taken.",
        "Odčitek te menjave je že v presoji; sprejme se le odčitek, ki presoje ne potrebuje.",
        (Use.MESSAGE,),
    ),
    Reason.READING_NOT_ACCEPTED: Entry(
        "The reading under review was not accepted.",
        "Odčitek v presoji ni bil sprejet.",
        (Use.READING, Use.FAILURE),
    ),
    Reason.WITHDRAWAL_AFTER_APPROVAL: Entry(
        "The approval notice has been issued; withdrawal was possible until then.",
        "Obvestilo o odobritvi je že izdano; odstop je bil mogoč do takrat.",
        (Use.MESSAGE,),
    ),
    Reason.CASE_HAS_ENDED: Entry(
        "The case has ended and takes nothing more.",
        "Postopek je zaključen in ne sprejema več ničesar.",
        (Use.MESSAGE,),
    ),
    Reason.READING_BY_WRONG_ROUTE: Entry(
        "The reading must come by the route named in the approval notice: read by the "
        "customer and sent by the new supplier, or remotely from the metering centre.",
        "Odčitek mora prispeti po poti iz obvestila o odobritvi: odčita ga uporabnik in "
        "pošlje novi dobavitelj ali pa daljinsko merilni center.",
        (Use.READING, Use.MESSAGE),
    ),
    Reason.NOT_POSSIBLE_IN_THIS_STATE: Entry(
        "This is not possible in the present state of the case.",
        "To v sedanjem stanju postopka ni mogoče.",
        (Use.MESSAGE,),
    ),
    Reason.REASON_NOT_FOR_THIS_USE: Entry(
        "The reason is not meant for this decision, or text is missing with E14 or given "
        "without it.",
        "Razlog ni namenjen tej odločitvi ali pa besedilo manjka ob E14 oziroma je navedeno "
        "brez nje.",
        (Use.MESSAGE,),
    ),
    Reason.SITE_INACCESSIBLE: Entry(
        "The metering site was inaccessible for reading.",
        "Merilno mesto je bilo nedostopno za odčitavanje.",
        (Use.FAILURE, Use.READING),
    ),
    Reason.DATED_AFTER_RECEIPT: Entry(
        "The authorisation and the contract must be signed by the day the request is received.",
        "Pooblastilo in pogodba morata biti podpisana najpozneje na dan prejema zahteve.",
        (Use.REQUEST, Use.MASTER_DATA),
    ),
    Reason.NEVER_SUPPLIED: Entry(
        "The first supplier of a point comes with the contract of use, not by a switch.",
        "Prvi dobavitelj točke se določi s pogodbo o uporabi sistema, ne z menjavo.",
        (Use.REQUEST,),
    ),
    Reason.PERIOD_HAS_PASSED: Entry(
        "The reading period has passed before approval; the request can only be rejected.",
        "Obdobje za odčitek je minilo pred odobritvijo; zahtevo je mogoče le zavrniti.",
        (Use.REQUEST, Use.MESSAGE),
    ),
    Reason.AUTHORISATION_TOO_OLD: Entry(
        "The authorisation or the supply contract must have been signed no more than six months "
        "ago (190(5)).",
        "Od podpisa pooblastila ali pogodbe o dobavi ne sme miniti več kot šest mesecev (190(5)).",
        (Use.MASTER_DATA,),
    ),
    Reason.REPORT_TOO_LATE: Entry(
        "That the customer cannot reach the meter is reported by the 5th day after approval.",
        "Da uporabnik ne more do števca, se sporoči do petega dne po odobritvi.",
        (Use.MESSAGE,),
    ),
    Reason.CHANGE_DATE_NOT_WITHIN_LIMITS: Entry(
        "A change is reported once it holds, at most 30 days back, and fits what came since.",
        "Sprememba se sporoči, ko velja, za največ 30 dni nazaj, in se ujema s poznejšimi.",
        (Use.MESSAGE,),
    ),
    Reason.NOTHING_CHANGES: Entry(
        "The register says so already.",
        "V evidenci je tako že zapisano.",
        (Use.MESSAGE,),
    ),
    Reason.NUMBER_NOT_OF_THE_OPERATOR: Entry(
        "A new number begins with the operator's prefix, a new site lies in its area.",
        "Nova oznaka se začne s predpono operaterja, novo mesto je na njegovem območju.",
        (Use.MESSAGE,),
    ),
    Reason.NUMBER_ALREADY_GIVEN_OUT: Entry(
        "The number was given out before; none is given out twice.",
        "Oznaka je že bila dodeljena; nobena se ne dodeli dvakrat.",
        (Use.MESSAGE,),
    ),
    Reason.METER_INSTALLED_ELSEWHERE: Entry(
        "A meter with this serial number is installed already, or was at this point before.",
        "Števec s to številko je že nameščen ali pa je že bil na tej točki.",
        (Use.MESSAGE,),
    ),
    Reason.NO_COMPLETED_SWITCH: Entry(
        "No switch was carried out under this number; only such a switch can be put right.",
        "Pod to številko ni bila izvedena nobena menjava; popraviti je mogoče le izvedeno.",
        (Use.MESSAGE,),
    ),
    Reason.ALREADY_CORRECTED: Entry(
        "The switch was put right before; a new switch is needed for anything more.",
        "Menjava je že bila popravljena; za kaj več je potrebna nova menjava.",
        (Use.MESSAGE,),
    ),
    Reason.CHANGED_SINCE: Entry(
        "Supplier or payer of the point changed after the switch; put right what came last.",
        "Dobavitelj ali plačnik na točki se je po menjavi spremenil; popravite zadnjo spremembo.",
        (Use.MESSAGE,),
    ),
    **OF_SHARED_SUPPLY,
    **AT_THE_DOOR,
}
