"""What MkDocs calls: `hooks: [walkthroughs/laboratory/hooks.py]`; see `site`."""

from walkthroughs.laboratory.site import LaboratorySite

_site = LaboratorySite("laboratory.md")

on_files = _site.on_files
on_page_content = _site.on_page_content
