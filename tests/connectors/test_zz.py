import time
from connectors.models import *
from connectors.snapshot import load, load_for_page
from harriet.lib.canonical import digest
def test_it(cast):
    c=Connector.objects.create(organization=cast.acme,slug="x",name="X",state="active")
    tools=Tool.objects.bulk_create([Tool(organization=cast.acme,connector=c,name=f"t{i}",is_enabled=True) for i in range(10000)])
    ToolVersion.objects.bulk_create([ToolVersion(tool=t,digest=bytes(32),definition={"name":t.name,"inputSchema":{"type":"object"}},is_pinned=True) for t in tools])
    ToolPermission.objects.bulk_create([ToolPermission(tool=t,group=cast.sales) for t in tools])
    for f,a in ((load,cast.acme.id),(load_for_page,cast.acme)):
        f(a); t=time.perf_counter(); r=f(a); print("XX",f.__name__,len(r.tools),time.perf_counter()-t)
