"""The icons, as paths on a 20 × 20 grid drawn with a line of 1.5. Always shown with text beside them."""

ICONS: dict[str, str] = {
    "overview": "M3.5 10.5 10 4l6.5 6.5M5.5 9v7h9V9M8.5 16v-4h3v4",
    "integrations": "M7 3v4M13 3v4M5 7h10v3a5 5 0 0 1-10 0zM10 15v3",
    "profiles": "M3.5 5.5h13M3.5 10h13M3.5 14.5h13M7 3.5v4M13 8v4M8.5 12.5v4",
    "people": "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.5-5 5.5-5s5.5 2 5.5 5"
    "M13 3.8a3 3 0 0 1 0 5.4M15 11.9c1.8.6 3 2.3 3 4.6",
    "groups": "M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 14h5M14 11.5v5",
    "devices": "M3.5 4h13v9h-13zM1.5 16h17M8 13v3M12 13v3",
    "clients": "M2.5 4h15v12h-15zM2.5 7.5h15M6 11l2 1.5L6 14M10 14h4",
    "doctor": "M2 10h4l2-5 4 10 2-5h4",
    "unmanaged": "M3.5 4h13v9h-13zM1.5 16h17M10 6v3.5M10 10.8v.2",
    "vault": "M3.5 3.5h13v12h-13zM10 12.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10 6.5v1.5M6 15.5V17.5M14 15.5v2",
    "tickets": "M2.5 5.5h15v3a1.5 1.5 0 0 0 0 3v3h-15v-3a1.5 1.5 0 0 0 0-3zM11.5 5.5v1.5M11.5 9.2v1.6M11.5 13v1.5",
    "audit": "M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M7.5 9.5h5M7.5 12h5M7.5 14.5h3",
    "records": "M3.5 4.5h13v11h-13zM3.5 8h13M3.5 11.8h13M8 8v7.5",
    "settings": "M3 6h7M14 6h3M12 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM3 14h3M10 14h7M8 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
    "me": "M10 2.5l1.7 4.8 4.8 1.7-4.8 1.7L10 15.5l-1.7-4.8L3.5 9l4.8-1.7zM15.5 13.5v4M13.5 15.5h4",
    "search": "M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM12.5 12.5 17 17",
    "inbox": "M3 11.5 5.5 4h9l2.5 7.5v4.5H3zM3 11.5h4l1 2h4l1-2h4",
    "help": "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15z"
    "M7.8 7.8a2.3 2.3 0 1 1 3.3 2.1c-.7.3-1.1.8-1.1 1.6M10 14.2v.3",
    "menu": "M3 5.5h14M3 10h14M3 14.5h14",
    "check": "M4 10.5 8 14.5 16 5.5",
    "cross": "M5 5l10 10M15 5 5 15",
    "down": "M5 7.5l5 5 5-5",
    "plus": "M10 4v12M4 10h12",
    "copy": "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
    "warning": "M10 3 18 16.5H2zM10 8.5V12M10 14.2v.3",
    "lock": "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
}
