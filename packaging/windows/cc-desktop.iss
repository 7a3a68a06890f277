; The installer for Windows. packaging/build.py gives it Version and Bundle:
;   iscc /DVersion=1.2.3 /DBundle=build\package\dist\cc-desktop packaging\windows\cc-desktop.iss

#define Name "Control Center Desktop"
#define Id "cc-desktop"

[Setup]
; Never changes: an installer of a newer version finds the older one by it.
AppId={{6F0B9E0C-5F4C-4C57-9C8B-0B7B6C3B6A52}
AppName={#Name}
AppVersion={#Version}
AppPublisher=Control Center Desktop contributors
VersionInfoVersion={#Version}
; For one user, without rights; who has them may choose all users.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
DefaultDirName={autopf}\{#Name}
DisableProgramGroupPage=yes
LicenseFile=..\..\LICENSE
OutputBaseFilename=cc-desktop-{#Version}-windows-x86_64-setup
SetupIconFile={#Bundle}\..\..\work\cc-desktop\cc-desktop.ico
UninstallDisplayIcon={app}\cc-desktopw.exe
UninstallDisplayName={#Name}
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
; The oldest that Qt 6.11 supports.
MinVersion=10.0.17763
Compression=lzma2/max
SolidCompression=yes
CloseApplications=yes
RestartApplications=no
ChangesAssociations=yes
WizardStyle=modern

[Tasks]
Name: "autostart"; Description: "Start with Windows, in the tray"; Flags: unchecked

[InstallDelete]
; What an older version had, and this one has not.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Bundle}\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
; The same AppUserModelID as the running program's: one button in the taskbar, and toasts with its name.
Name: "{autoprograms}\{#Name}"; Filename: "{app}\cc-desktopw.exe"; AppUserModelID: "{#Id}"

[Registry]
; Links: cc-desktop://agent/GATEWAY/AGENT
Root: HKA; Subkey: "Software\Classes\{#Id}"; ValueType: string; ValueData: "URL:{#Name}"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\{#Id}"; ValueType: string; ValueName: "URL Protocol"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\{#Id}\DefaultIcon"; ValueType: string; ValueData: "{app}\cc-desktopw.exe,0"
Root: HKA; Subkey: "Software\Classes\{#Id}\shell\open\command"; ValueType: string; ValueData: """{app}\cc-desktopw.exe"" ""%1"""
; The value that the app itself writes and reads ("Start at login" in its menu). It goes with the app,
; whoever has written it.
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: string; ValueName: "{#Id}"; ValueData: """{app}\cc-desktopw.exe"" --hidden"; Tasks: autostart
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: none; ValueName: "{#Id}"; Flags: uninsdeletevalue dontcreatekey
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"; ValueType: none; ValueName: "{#Id}"; Flags: uninsdeletevalue dontcreatekey

[Run]
Filename: "{app}\cc-desktopw.exe"; Description: "{cm:LaunchProgram,{#Name}}"; Flags: nowait postinstall skipifsilent
