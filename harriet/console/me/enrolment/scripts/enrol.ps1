# Sets up an AI client on this machine, so that it reaches Harriet at @@BASE_URL@@.
#
# It asks for the code that you made on your page "Set up a device", gets a credential for this machine with it, writes
# the settings of the client that you chose there, and keeps a copy of what they were. If you agree, it also tells
# Harriet the names and addresses of other MCP servers that are configured here: you see the list first.
#
#   powershell -ExecutionPolicy Bypass -File harriet.ps1             asks for the code
#   ... -Again       writes the settings again with the credentials that are here
#   ... -Report      tells of other servers without asking; -NoReport neither asks nor tells
#
# Windows PowerShell 5.1 or newer. Changes nothing outside your own folders.
param([switch]$Again, [switch]$Report, [switch]$NoReport)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

$Base = '@@BASE_URL@@'
$Clients = @'
@@CLIENTS@@
'@ | ConvertFrom-Json
$Kept = Join-Path ([Environment]::GetFolderPath('ApplicationData')) 'Harriet'
$LeftOut = [string][char]0x2026
$Utf8 = New-Object System.Text.UTF8Encoding($false)

function Save-Private([string]$Path, [string]$Text) {
    $folder = Split-Path -Parent $Path
    if (-not (Test-Path -LiteralPath $folder)) { New-Item -ItemType Directory -Force -Path $folder | Out-Null }
    # Whole or not at all; and nobody else can read it before anything stands in it.
    $part = "$Path.harriet-part"
    [IO.File]::WriteAllText($part, '', $Utf8)
    Protect-File $part
    [IO.File]::WriteAllText($part, $Text, $Utf8)
    Move-Item -LiteralPath $part -Destination $Path -Force
}

function Protect-File([string]$Path) {
    if ($env:OS -eq 'Windows_NT') {
        $me = [Security.Principal.WindowsIdentity]::GetCurrent().Name
        & icacls $Path /inheritance:r /grant:r "${me}:F" | Out-Null
    } else {
        & chmod 600 $Path
    }
}

function Get-Said($Failure) {
    # Harriet answers a refusal with a sentence; without an answer the code may be used up all the same.
    $details = $Failure.ErrorDetails
    if ($details -and $details.Message) {
        try { return ($details.Message | ConvertFrom-Json).detail } catch { return $details.Message }
    }
    return 'No answer came from Harriet. The code may be used up all the same: make another one before you try again.'
}

function Get-Answer {
    $code = (Read-Host 'The code from your page at Harriet') -replace '[^A-Za-z0-9-]', ''
    if (-not $code) { throw 'No code was entered, so nothing was done.' }
    try {
        return Invoke-RestMethod -Method Post -Uri "$Base/enrol/take/" -Body @{ code = $code } `
            -Headers @{ Accept = 'application/json' } -TimeoutSec 60 -MaximumRedirection 0
    } catch {
        throw (Get-Said $_)
    }
}

function Copy-Before([string]$Path) {
    # Of two in the same second, each has its own.
    $first = "$Path.before-harriet-$(Get-Date -Format 'yyyyMMdd-HHmmss')"
    $copy = $first; $number = 1
    while (Test-Path -LiteralPath $copy) { $number += 1; $copy = "$first-$number" }
    Copy-Item -LiteralPath $Path -Destination $copy
    Protect-File $copy
    "Kept a copy of what was there: $copy"
}

function Test-Ours($Server) { (ConvertTo-Json -InputObject $Server -Depth 20 -Compress).Contains("$Base/mcp/") }

function Test-LeadsTo([string]$Text, [string]$Url) { $Text.Contains('"' + $Url + '"') -or $Text.Contains("'" + $Url + "'") }

function Get-FreeName([string]$Name, $There, [string]$Url) {
    # A server of another address keeps its name: Harriet's gets another one. $There: what stands under each name.
    $free = $Name; $number = 1
    while ($There.ContainsKey($free) -and -not (Test-LeadsTo $There[$free] $Url)) {
        $free = "harriet-$Name"; if ($number -gt 1) { $free += "-$number" }
        $number += 1
    }
    return $free
}

function Read-Json([string]$Text) {
    if (-not $Text.Trim()) { return New-Object PSObject }
    $how = @{}
    if ((Get-Command ConvertFrom-Json).Parameters.ContainsKey('DateKind')) { $how['DateKind'] = 'String' }
    $value = ConvertFrom-Json -InputObject $Text @how
    if ($value -isnot [PSCustomObject]) { throw 'not an object' }
    return $value
}

function Merge-Json($Existing, $Settings, [string]$Url) {
    foreach ($member in $Settings.PSObject.Properties) {
        $there = $Existing.PSObject.Properties[$member.Name]
        if ($member.Value -is [array]) {
            if ($there -and $there.Value -isnot [array]) { throw 'of another form' }
            $known = @(); if ($there) { $known = @($there.Value) }
            $new = @($member.Value | Where-Object { $id = $_.id; -not ($known | Where-Object { $_.PSObject.Properties['id'] -and $_.id -eq $id }) })
            $Existing | Add-Member -Force -NotePropertyName $member.Name -NotePropertyValue @($known + $new)
            continue
        }
        if (-not $there) { $Existing | Add-Member -NotePropertyName $member.Name -NotePropertyValue (New-Object PSObject) }
        $servers = $Existing.PSObject.Properties[$member.Name].Value
        if ($servers -isnot [PSCustomObject]) { throw 'not an object' }
        $texts = @{}
        foreach ($one in $servers.PSObject.Properties) {
            $texts[$one.Name] = ConvertTo-Json -InputObject $one.Value -Depth 20 -Compress
        }
        foreach ($server in $member.Value.PSObject.Properties) {
            $name = Get-FreeName $server.Name $texts $Url
            $servers | Add-Member -Force -NotePropertyName $name -NotePropertyValue $server.Value
        }
    }
    return (ConvertTo-Json -InputObject $Existing -Depth 100) + "`n"
}

function Get-StillOpen([string]$Line, [string]$Quote) {
    # The marks of a text of several lines that goes on after this line.
    foreach ($mark in [regex]::Matches($Line, '"{3}|\x27{3}')) {
        if ($mark.Value -eq $Quote) { $Quote = '' } elseif (-not $Quote) { $Quote = $mark.Value }
    }
    return $Quote
}

function Merge-Table([string[]]$Lines, [string]$Before, [string]$Url) {
    # Of TOML: the table of this address is replaced, or stands at the end. What is no table is left to the person.
    $all = @($Before -split "`r?`n"); $of = @(); $texts = @{ '' = '' }; $quote = ''; $server = ''
    foreach ($line in $all) {
        if (-not $quote -and $line -match '^\s*\[') {
            if ($line -match '^\s*\[\s*mcp_servers\s*\]') { throw 'a table of all servers' }
            $server = ''
            if ($line -match '^\s*\[\s*mcp_servers\s*\.\s*("[^"]+"|\x27[^\x27]+\x27|[A-Za-z0-9_-]+)\s*[.\]]') {
                $server = $Matches[1].Trim('"', "'")
            }
        } elseif (-not $quote -and $line -match '^\s*["\x27]?mcp_servers["\x27]?\s*[.=]') { throw 'servers in one line' }
        $of += $server
        $texts[$server] = [string]$texts[$server] + $line + "`n"
        $quote = Get-StillOpen $line $quote
    }
    $name = Get-FreeName ($Lines[0].Trim('[', ']') -replace '^mcp_servers\.', '') $texts $Url
    $keptLines = @(for ($at = 0; $at -lt $all.Count; $at++) { if ($of[$at] -ne $name) { $all[$at] } })
    $body = ($keptLines -join "`n").TrimEnd()
    if ($body) { $body += "`n`n" }
    return $body + ((@("[mcp_servers.$name]") + @($Lines | Select-Object -Skip 1)) -join "`n") + "`n"
}

function Write-Settings($Answer, [string]$AnswerPath) {
    if (-not $Answer.windows) {
        "$($Answer.client_name) takes the credential from the environment. Put this into the window that you start it in:"
        "  `$env:HARRIET_TOKEN = (Get-Content -Raw '$($AnswerPath.Replace("'", "''"))' | ConvertFrom-Json).token"
        return $Answer.next_step
    }
    $path = Join-Path $HOME $Answer.windows
    $before = ''; if (Test-Path -LiteralPath $path) { $before = [IO.File]::ReadAllText($path) }
    try {
        if ($Answer.kind -eq 'toml') { $after = Merge-Table @($Answer.settings) $before $Answer.url }
        else { $after = Merge-Json (Read-Json $before) (ConvertFrom-Json -InputObject @($Answer.settings)[0]) $Answer.url }
    } catch {
        Save-Private "$AnswerPath.paste" (@($Answer.settings) -join "`n")
        "$path was left as it is: this script can't change it safely here."
        return "Put what stands in $AnswerPath.paste into it, beside what is there, and remove that file then."
    }
    if ($after -eq $before) { return "Nothing to change: it stands in $path already." }
    if ($before) { Copy-Before $path }
    Save-Private $path $after
    "Wrote $path"
    $Answer.next_step
}

function Test-Secret([string]$Word) {
    if ($Word -match '^(sk|pk|rk|ghp|gho|ghs|ghu|github_pat|glpat|xox[a-z]|hrt|AKIA|ASIA|AIza|ya29|eyJ|npm|pypi)[_\-A-Za-z0-9.]{8,}$') { return $true }
    if ($Word.Length -lt 16) { return $false }
    foreach ($piece in ($Word -split '[-_.@/:+,~]')) {
        if ($piece.Length -ge 32 -or ($piece.Length -ge 8 -and $piece -match '[0-9]' -and $piece -match '[A-Za-z]')) { return $true }
    }
    return $false
}

function Get-PlainAddress([string]$Text) {
    try { $uri = [Uri]$Text } catch { return $LeftOut }
    if (-not $uri.IsAbsoluteUri -or $uri.Scheme -notin @('http', 'https')) { return $LeftOut }
    $path = @($uri.AbsolutePath -split '/' | ForEach-Object { if (Test-Secret $_) { $LeftOut } else { $_ } }) -join '/'
    return "$($uri.Scheme)://$($uri.Authority)$path"
}

function Get-PlainWords([string[]]$Words) {
    $names = 'token|key|secret|passw|pwd|auth|bearer|credential|cookie|session|header|env|dsn|connection|user'
    $after = $false; $out = @()
    foreach ($word in $Words) {
        if ($after) { $out += $LeftOut }
        elseif ($word -match '://') { if ($word -match '^https?://') { $out += Get-PlainAddress $word } else { $out += $LeftOut } }
        elseif ($word.Contains('=')) { $out += ($word.Split('=')[0] + '=' + $LeftOut) }
        elseif ((Test-Secret $word) -or $word -notmatch '^[@./~:\\A-Za-z0-9_+,-]*$') { $out += $LeftOut }
        else { $out += $word }
        $after = ($word -cin @('-e', '-H', '-u', '-p', '-k', '-t', '-P')) -or ($word.StartsWith('-') -and -not $word.Contains('=') -and $word -match $names)
    }
    return ,$out
}

function Get-Member1($Thing, [string]$Name) {
    if ($Thing -is [PSCustomObject] -and $Thing.PSObject.Properties[$Name]) { return $Thing.PSObject.Properties[$Name].Value }
    return $null
}

function Get-Others {
    $found = @()
    foreach ($client in $Clients | Where-Object { $_.kind -eq 'json' }) {
        $path = Join-Path $HOME $client.windows
        if (-not (Test-Path -LiteralPath $path)) { continue }
        try { $settings = Read-Json ([IO.File]::ReadAllText($path)) } catch { continue }
        $places = @($settings)
        $projects = Get-Member1 $settings 'projects'
        if ($projects -is [PSCustomObject]) { $places += @($projects.PSObject.Properties | ForEach-Object { $_.Value }) }
        foreach ($place in $places) {
            $servers = Get-Member1 $place $client.servers
            if ($servers -isnot [PSCustomObject]) { continue }
            foreach ($entry in $servers.PSObject.Properties) {
                if (Test-Ours $entry.Value) { continue }
                $url = @('url', 'serverUrl', 'httpUrl' | ForEach-Object { Get-Member1 $entry.Value $_ } | Where-Object { $_ })
                $command = Get-Member1 $entry.Value 'command'
                if ($url.Count) { $found += @{ client = $client.name; name = $entry.Name; url = (Get-PlainAddress $url[0]) } }
                elseif ($command) {
                    $words = @($command) + @(Get-Member1 $entry.Value 'args' | Where-Object { $_ -ne $null } | ForEach-Object { [string]$_ })
                    $plain = Get-PlainWords $words
                    $whole = (($plain -join "`n") -ceq ($words -join "`n"))
                    $found += @{ client = $client.name; name = $entry.Name; command = $plain; whole = $whole }
                }
            }
        }
    }
    return ,$found
}

function Send-Report($Answer) {
    if ($NoReport) { return }
    $others = Get-Others
    if ($others.Count) {
        'These other MCP servers are configured here. IT would see these names and addresses, and no value, key or header:'
        foreach ($one in $others) { "  $($one.client): $($one.name), $(if ($one.ContainsKey('url')) { $one.url } else { $one.command -join ' ' })" }
    } else { 'No other MCP server is configured here.' }
    if (-not $Report -and (Read-Host 'Report them to Harriet? [y/N]') -notmatch '^(y|yes)$') { 'Nothing was reported.'; return }
    $body = $Utf8.GetBytes((ConvertTo-Json -InputObject @{ servers = @($others) } -Depth 6 -Compress))
    try {
        (Invoke-RestMethod -Method Post -Uri "$Base/enrol/report/" -Body $body -ContentType 'application/json' -TimeoutSec 60 `
            -MaximumRedirection 0 -Headers @{ Authorization = "Bearer $($Answer.token)"; Accept = 'application/json' }).detail
    } catch { 'The report was not taken. The client is set up all the same.' }
}

if ($Again) {
    $files = @(Get-ChildItem -Path $Kept -Filter '*.json' -ErrorAction SilentlyContinue)
    if (-not $files.Count) { throw 'No credential of Harriet is here yet. Run the script without -Again.' }
    foreach ($file in $files) { $answer = Get-Content -Raw -LiteralPath $file.FullName | ConvertFrom-Json; Write-Settings $answer $file.FullName }
} else {
    $answer = Get-Answer
    $place = Join-Path $Kept "$($answer.organization).$($answer.profile).$($answer.client).json"
    Save-Private $place (ConvertTo-Json -InputObject $answer -Depth 6)
    "This machine is $($answer.device) now. Its credential is kept in $place, which only you can read."
    Write-Settings $answer $place
}
Send-Report $answer
