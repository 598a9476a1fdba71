"""croissant.json: the files of an export in Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html),
with fields of its RAI vocabulary 1.0 on how the data came to be. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from companion.research.export.request import Format
from companion.research.export.table import COLUMNS

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {"string": "sc:Text", "int32": "sc:Integer", "int8": "sc:Integer", "float32": "sc:Float", "bool": "sc:Boolean"}
_PARTS: Mapping[str, Sequence[str]] = {  # of columns that hold lists of objects
    **dict.fromkeys(("messages", "prompt", "completion", "chosen", "rejected"), ("role", "content")),
    "conversations": ("from", "value"),
}
_HEAD = {"id": "pseudonym of the talk", "person": "pseudonym of the person", "language": "of the talk"}
_LINES: Mapping[Format, Mapping[str, str]] = {
    "messages": {**_HEAD, "messages": "role and content of each message", "turns": "pseudonym of each message's turn"},
    "sharegpt": {**_HEAD, "conversations": "from and value of each message"},
    "kto": {
        "person": "pseudonym of the person",
        "prompt": "messages before the reply",
        "completion": "the reply",
        "label": "whether it was liked",
    },
    "dpo": {
        "person": "pseudonym of the person",
        "prompt": "messages before the replies",
        "chosen": "the reply that was liked",
        "rejected": "the reply that was not",
    },
}


def croissant(
    name: str, version: int, date: str, license_: str, files: Sequence[tuple[Format, str, int, str]]
) -> bytes:
    """The file. date: YYYY-MM-DD, up to which talk is in it; files: format, name, bytes and SHA-256 of each."""
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": "De-identified talks of consenting people with an emotion-aware companion, with coarse affect.",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "license": license_,
        "url": f"urn:companion:export:{name}",
        "version": f"{version}.0.0",
        "datePublished": date,
        "citeAs": f"Companion research export {name}, version {version}, {date}",
        "isLiveDataset": False,
        "rai:dataCollection": "Talks over voice and text, kept with the person's consent to research.",
        "rai:dataCollectionType": "Conversations between people and a software companion",
        "rai:personalSensitiveInformation": "De-identified; affect, ratings and risk levels are sensitive.",
        "rai:dataUseCases": "The purpose that was approved, and no other. No re-identification.",
        "rai:dataReleaseMaintenancePlan": "A withdrawal makes a new version; manifest.json lists whom to delete.",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file,
                "name": file,
                "contentUrl": file,
                "contentSize": f"{size} B",
                "encodingFormat": "application/x-parquet" if format_ == "turns" else "application/jsonlines",
                "sha256": sha256,
            }
            for format_, file, size, sha256 in files
        ],
        "recordSet": [_records(format_, file) for format_, file, size, _ in files if size],
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _records(format_: Format, file: str) -> dict[str, Any]:
    about = {name: told for name, (_, told) in COLUMNS.items()} if format_ == "turns" else _LINES[format_]
    return {
        "@type": "cr:RecordSet",
        "@id": format_,
        "name": format_,
        "description": f"Rows of {file}",
        "field": [_field(format_, file, name, told) for name, told in about.items()],
    }


def _field(format_: Format, file: str, name: str, told: str) -> dict[str, Any]:
    kind = COLUMNS[name][0] if format_ == "turns" else "bool" if name == "label" else "string"
    path = f"{format_}/{name}"
    field: dict[str, Any] = {"@type": "cr:Field", "@id": path, "name": path, "description": told}
    source = {"fileObject": {"@id": file}, "extract": {"column": name}}
    if format_ != "turns" and name in _PARTS:
        parts = [
            {
                "@type": "cr:Field",
                "@id": f"{path}/{part}",
                "name": f"{path}/{part}",
                "description": f"{part} of each",
                "dataType": "sc:Text",
                "source": {**source, "transform": {"jsonPath": part}},
            }
            for part in _PARTS[name]
        ]
        return field | {"repeated": True, "subField": parts}
    several = kind.startswith("list") or (format_ != "turns" and name == "turns")
    field |= {"dataType": _TYPES.get(kind, "sc:Text"), "source": source}
    return field | ({"repeated": True} if several else {})
